// `npm run kill-test`: builds what the instances run, then test/kill/kill-test.ts with the same arguments.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, isBuilt } from './build.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
if (!isBuilt() && !build()) process.exit(1)
// Ctrl-C reaches the whole process group; the test ends its instances itself.
process.on('SIGINT', () => undefined)
const file = path.join(root, 'test', 'kill', 'kill-test.ts')
const { status } = spawnSync(process.execPath, [file, ...process.argv.slice(2)], { stdio: 'inherit' })
process.exitCode = status ?? 1
