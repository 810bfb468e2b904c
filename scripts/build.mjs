// Compiles src into dist, unless dist was made from exactly these files. Compiles into a folder beside it and renames,
// so that a process that starts meanwhile finds the old build or the new one, never half of one.
//   node scripts/build.mjs          builds when needed
//   node scripts/build.mjs --force  builds
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = path.join(root, 'dist')
const stamp = path.join(dist, '.built-from')
const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const configs = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json']

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) yield* sourceFiles(file)
    else yield file
  }
}

/** Names, sizes and times of all that goes into dist: also notices a file that is gone or a checkout of older ones. */
function fingerprint() {
  const hash = createHash('sha1')
  for (const file of [...configs.map((name) => path.join(root, name)), ...sourceFiles(path.join(root, 'src'))]) {
    const { size, mtimeMs } = statSync(file)
    hash.update(`${path.relative(root, file)} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

export function isBuilt() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint()
}

/** Another build may do the same at this moment: whoever finds dist gone or back again tries once more. */
function replaceDist(fresh, old) {
  for (let attempt = 1; ; attempt++) {
    try {
      if (existsSync(dist)) renameSync(dist, `${old}-${attempt}`)
      renameSync(fresh, dist)
      return
    } catch (error) {
      if (attempt === 5) throw error
    } finally {
      rmSync(`${old}-${attempt}`, { recursive: true, force: true })
    }
  }
}

/** True when dist is good afterwards. */
export function build() {
  const before = fingerprint()
  const fresh = path.join(root, `dist.new-${process.pid}`)
  const old = path.join(root, `dist.old-${process.pid}`)
  try {
    const args = [compiler, '-p', path.join(root, 'tsconfig.build.json'), '--outDir', fresh]
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] })
    if (status !== 0) return false
    mkdirSync(fresh, { recursive: true })
    writeFileSync(path.join(fresh, '.built-from'), before)
    replaceDist(fresh, old)
    return true
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv.includes('--force') || !isBuilt()) process.exitCode = build() ? 0 : 1
}
