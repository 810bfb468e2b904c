import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { initCommand } from '../../../../src/cli/init/init.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'millrace-init-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const init = (force: boolean): Promise<void> =>
  initCommand(path.join(home, 'project'), { output: 'json', example: 'word-count', tests: 'node', force })

describe('A link in the directory of a new project', () => {
  it('to a file is not written through, not even with --force', async () => {
    const precious = path.join(home, 'precious')
    writeFileSync(precious, 'precious')
    mkdirSync(path.join(home, 'project'))
    symlinkSync(precious, path.join(home, 'project', 'README.md'))
    await expect(init(true)).rejects.toThrow("'README.md' is a link")
    expect(readFileSync(precious, 'utf8')).toBe('precious')
    expect(readdirSync(path.join(home, 'project'))).toEqual(['README.md'])
  })

  it.each([true, false])('to a directory is not written into (--force: %s)', async (force) => {
    const other = path.join(home, 'other')
    mkdirSync(other)
    mkdirSync(path.join(home, 'project', 'test'), { recursive: true })
    symlinkSync(other, path.join(home, 'project', 'test', 'unit'))
    await expect(init(force)).rejects.toThrow("'test/unit' is a link")
    expect(readdirSync(other)).toEqual([])
  })
})
