// What `npm start` and `npm test` need before anything else: packages installed, src compiled. Runs on the Node the
// user has (18 or later), prints nothing on stdout and nothing at all when there is nothing to do, and may run several
// times at once: one works, the others wait for it.
//   node scripts/set-up.mjs                 packages and dist
//   node scripts/set-up.mjs --packages-only for the tests, which compile themselves and count a failure of it as one
import { spawnSync } from 'node:child_process'
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const lock = path.join(root, '.cache', 'set-up.lock')
const waitMaxMs = 10 * 60_000

/**
 * Compares the lockfile with what npm notes about the packages it has put into node_modules: exact where times of files
 * are not (a `git checkout` touches the one, an interrupted installation leaves the other away). Optional packages are
 * those of other platforms. The `node` package is complete only once its install script has fetched the binary.
 */
function isInstalled() {
  const wanted = packagesOf('package-lock.json')
  const found = packagesOf('node_modules/.package-lock.json')
  if (found === undefined) return false
  for (const [name, { version, integrity, optional, devOptional }] of Object.entries(wanted ?? {})) {
    if (name === '') continue
    const there = found[name]
    if (there === undefined ? !optional && !devOptional : there.version !== version || there.integrity !== integrity) {
      return false
    }
  }
  const binary = process.platform === 'win32' ? 'node.exe' : 'node'
  return existsSync(path.join(root, 'node_modules', 'node', 'bin', binary))
}

function packagesOf(lockfile) {
  const file = path.join(root, lockfile)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined
}

async function isBuilt() {
  if (process.argv.includes('--packages-only')) return true
  return (await import('./build.mjs')).isBuilt()
}

function install() {
  say('installing packages (npm ci), once')
  // npm's own level: the .npmrc here silences npm for the sake of stdout, and would silence its errors too.
  // Development packages also where NODE_ENV is `production`: the Node of node_modules is one of them.
  const args = ['ci', '--include=dev', '--loglevel=error', '--no-progress']
  const startedBy = process.env['npm_execpath'] ?? ''
  if (path.basename(startedBy) === 'npm-cli.js') run(process.execPath, [startedBy, ...args])
  else run('npm', args, { shell: process.platform === 'win32' })
  if (!isInstalled()) {
    fail(
      'npm ci ended without error, but node_modules is not complete. Install scripts must be allowed for the package ' +
        "'node' (npm: ignore-scripts=false, allow-scripts); remove node_modules and try again",
    )
  }
}

function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options })
  if (error !== undefined) fail(`'${command}' cannot be started: ${error.message}`)
  if (status !== 0) fail(`'${command} ${args.join(' ')}' ended with ${signal ?? `exit code ${status}`}; see above`)
}

function say(text) {
  process.stderr.write(`millrace set-up: ${text}\n`)
}

function fail(text) {
  release()
  say(text)
  process.exit(1)
}

let held = false

/** The lock file appears complete (with the owner's pid), because it is made aside and then linked. */
async function acquire() {
  mkdirSync(path.dirname(lock), { recursive: true })
  const mine = `${lock}.${process.pid}`
  writeFileSync(mine, String(process.pid))
  try {
    const deadline = Date.now() + waitMaxMs
    for (let waited = false; ; waited = true) {
      if (tryLink(mine)) return
      const owner = ownerOfLock()
      if (owner !== undefined && !isAlive(owner)) removeQuietly(lock)
      else if (Date.now() > deadline)
        fail(`another set-up (process ${owner}) holds ${lock} for too long; end it, or remove that file`)
      else if (!waited) say(`waiting for the set-up that process ${owner} is doing`)
      await sleep(200)
    }
  } finally {
    removeQuietly(mine)
  }
}

function tryLink(mine) {
  try {
    linkSync(mine, lock)
    held = true
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function ownerOfLock() {
  try {
    return Number(readFileSync(lock, 'utf8'))
  } catch {
    return undefined
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function removeQuietly(file) {
  try {
    unlinkSync(file)
  } catch {
    // Gone already.
  }
}

function release() {
  if (held) removeQuietly(lock)
  held = false
}

async function setUp() {
  if (isInstalled() && (await isBuilt())) return
  await acquire()
  try {
    if (!isInstalled()) install()
    if (!(await isBuilt())) {
      say('compiling src into dist')
      run(process.execPath, [path.join(root, 'scripts', 'build.mjs')])
    }
  } finally {
    release()
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => fail(`stopped by ${signal}`))
await setUp()
