/** Files that commands are given as input: bounded, and refused in words, whatever stands at that path. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'
import { moduleOf } from '../support/cli-bed.ts'

const wordCount = moduleOf('topologies/word-count.ts')
let folder: string

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-input-'))
  writeFileSync(path.join(folder, 'large'), Buffer.alloc(16 * 1024 * 1024 + 1, ' '))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function ended(child: Child): Promise<Finished> {
  await using one = child
  return await one.finished
}

function millrace(...args: readonly string[]): Promise<Finished> {
  return ended(Child.script('src/cli/main.ts', args, { cwd: folder, env: { HOME: folder, NO_COLOR: '1' } }))
}

describe.each([
  ['describe', '--diff', []],
  ['validate', '--against', []],
  // Read before any broker is asked.
  ['reset', '--from-file', ['--brokers', '127.0.0.1:1']],
] as const)('millrace %s %s', (command, option, more) => {
  it.each([
    ['larger than 16 MiB', 'large', 'it is larger than 16 MiB'],
    ['without an end', '/dev/zero', 'it is a device, not a file'],
    ['that is a directory', '/', 'it is a directory, not a file'],
  ])('refuses a file %s as wrong usage', async (_, file, reason) => {
    const { code, stdout, stderr } = await millrace(command, wordCount, option, file, ...more)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`${option} ${file} cannot be read: ${reason}`)
  })
})

describe('millrace describe --diff', () => {
  it('takes what another command writes into a pipe', async () => {
    const main = moduleOf('src/cli/main.ts')
    const script = '"$0" "$1" describe "$2" --diff <("$0" "$1" describe "$2" -o json)'
    const env = { HOME: folder, NO_COLOR: '1' }
    const child = Child.program('bash', ['-c', script, process.execPath, main, wordCount], { cwd: folder, env })
    const { code, stdout, stderr } = await ended(child)
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: expect.stringContaining('identical') })
  })
})
