import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { projectRoot } from './project-files.ts'

// scripts/set-up.mjs in a project of its own, with an npm and a compiler that only note that they were called.

let project = ''

beforeEach(() => {
  project = mkdtempSync(path.join(tmpdir(), 'millrace set-up '))
  for (const script of ['set-up.mjs', 'build.mjs']) {
    cpSync(path.join(projectRoot, 'scripts', script), path.join(project, 'scripts', script))
  }
  write('package.json', '{"type":"module"}')
  write('package-lock.json', lockfile('1.0.0'))
  write('tsconfig.json', '{}')
  write('tsconfig.build.json', '{}')
  write('src/index.ts', 'export {}')
  write('tools/npm-cli.js', npm)
})

afterEach(() => rmSync(project, { recursive: true, force: true }))

const npm = `import fs from 'node:fs'
fs.appendFileSync('calls', 'npm ' + process.argv.slice(2).join(' ') + '\\n')
if (fs.existsSync('npm-fails')) process.exit(9)
console.log('added 1 package')
fs.mkdirSync('node_modules/node/bin', { recursive: true })
fs.writeFileSync('node_modules/node/bin/node', '')
fs.mkdirSync('node_modules/typescript/bin', { recursive: true })
fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json')
fs.writeFileSync('node_modules/typescript/bin/tsc',
  "const fs = require('node:fs'); fs.appendFileSync('calls', 'tsc\\\\n'); if (fs.existsSync('tsc-fails')) process.exit(2);" +
  "fs.cpSync('src', process.argv[process.argv.indexOf('--outDir') + 1], { recursive: true })")
fs.writeFileSync('node_modules/package.json', '{}')
`

function lockfile(version: string): string {
  const packages = {
    '': {},
    'node_modules/dependency': { version, integrity: `sha512-${version}` },
    'node_modules/of-another-platform': { version, integrity: 'sha512-x', optional: true },
  }
  return JSON.stringify({ packages })
}

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(project, file)), { recursive: true })
  writeFileSync(path.join(project, file), text)
}

function calls(): string[] {
  const file = path.join(project, 'calls')
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}

interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function setUp(): Promise<Result> {
  const env = { ...process.env, npm_execpath: path.join(project, 'tools', 'npm-cli.js') }
  const child = spawn(process.execPath, [path.join(project, 'scripts', 'set-up.mjs')], { cwd: project, env })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
}

const install = 'npm ci --include=dev --loglevel=error --no-progress'

describe('The set-up', () => {
  it('installs and compiles a fresh clone, with nothing on stdout', async () => {
    const { code, stdout, stderr } = await setUp()
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toContain('added 1 package')
    expect(calls()).toEqual([install, 'tsc'])
    expect(existsSync(path.join(project, 'dist', 'index.ts'))).toBe(true)
  })

  it('does and says nothing the second time', async () => {
    await setUp()
    expect(await setUp()).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(calls()).toEqual([install, 'tsc'])
  })

  it('is done once by three that start together', async () => {
    const results = await Promise.all([setUp(), setUp(), setUp()])
    expect(results.map(({ code, stdout }) => `${code}${stdout}`)).toEqual(['0', '0', '0'])
    expect(calls()).toEqual([install, 'tsc'])
    expect(existsSync(path.join(project, '.cache', 'set-up.lock'))).toBe(false)
  })

  it('takes over from one that was killed', async () => {
    const dead = spawn(process.execPath, ['-e', ''])
    await new Promise((resolve) => dead.on('close', resolve))
    write('.cache/set-up.lock', String(dead.pid))
    expect((await setUp()).code).toBe(0)
    expect(calls()).toEqual([install, 'tsc'])
  })

  it('installs again when the lockfile names other versions, not when it was only touched', async () => {
    await setUp()
    const soon = new Date(Date.now() + 5000)
    utimesSync(path.join(project, 'package-lock.json'), soon, soon)
    await setUp()
    expect(calls().filter((call) => call === install)).toHaveLength(1)
    write('package-lock.json', lockfile('1.0.1'))
    await setUp()
    expect(calls().filter((call) => call === install)).toHaveLength(2)
  })

  it('compiles again when a source file is new, changed or gone, and leaves no output of a file that is gone', async () => {
    await setUp()
    write('src/second.ts', '')
    await setUp()
    expect(existsSync(path.join(project, 'dist', 'second.ts'))).toBe(true)
    rmSync(path.join(project, 'src', 'second.ts'))
    await setUp()
    expect(existsSync(path.join(project, 'dist', 'second.ts'))).toBe(false)
    expect(calls()).toEqual([install, 'tsc', 'tsc', 'tsc'])
  })

  it('ends with 1 and a sentence when npm fails, and keeps no lock', async () => {
    write('npm-fails', '')
    const { code, stdout, stderr } = await setUp()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('ended with exit code 9')
    expect(existsSync(path.join(project, '.cache', 'set-up.lock'))).toBe(false)
  })

  it('keeps the old dist when the source does not compile', async () => {
    await setUp()
    write('src/index.ts', 'export const wrong: string = 1')
    write('tsc-fails', '')
    expect((await setUp()).code).toBe(1)
    expect(readFileSync(path.join(project, 'dist', 'index.ts'), 'utf8')).toBe('export {}')
  })
})
