#!/usr/bin/env node
// Plain JavaScript that any Node can parse, so that an old one gets a sentence instead of a syntax error.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major > 22 || (major === 22 && minor >= 19)) {
  import('../dist/cli/main.js').catch((error) => {
    const notBuilt = error.code === 'ERR_MODULE_NOT_FOUND' && String(error.message).includes('dist/cli/main.js')
    console.error(notBuilt ? 'millrace: this checkout is not built; run: npm run build' : error)
    process.exitCode = notBuilt ? 2 : 1
  })
} else {
  console.error(`millrace needs Node 22.19 or later; this is Node ${process.versions.node} (${process.execPath})`)
  process.exitCode = 2
}
