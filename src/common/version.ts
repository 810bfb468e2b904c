import { readFileSync } from 'node:fs'

let known: string | undefined

/** Of this package; `unknown` where its manifest is not beside it, as in a bundle. */
export function packageVersion(): string {
  known ??= readVersion()
  return known
}

function readVersion(): string {
  try {
    const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    return (manifest as { version: string }).version
  } catch {
    return 'unknown'
  }
}
