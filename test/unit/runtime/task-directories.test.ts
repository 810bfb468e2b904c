import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FileSystem } from '../../../src/common/file-system.ts'
import { silentLogger } from '../../../src/common/logger.ts'
import { nodeFileSystem } from '../../../src/common/node-file-system.ts'
import { cleanUpDelayMs, cleanUpTasks, localTasks, type CleanUpOptions } from '../../../src/runtime/task-directories.ts'

const nowMs = 1_000_000_000_000
let slot: string

beforeEach(async () => {
  slot = await mkdtemp(path.join(tmpdir(), 'tasks-'))
})

afterEach(() => rm(slot, { recursive: true, force: true }))

/** A directory with one file, each last written at its time. */
async function directory(name: string, fileAtMs: number, directoryAtMs: number = fileAtMs): Promise<void> {
  const file = path.join(slot, name, 'data')
  await mkdir(path.join(slot, name))
  await writeFile(file, 'x')
  await utimes(file, fileAtMs / 1000, fileAtMs / 1000)
  await utimes(path.join(slot, name), directoryAtMs / 1000, directoryAtMs / 1000)
}

const old = nowMs - cleanUpDelayMs

function options(more: Partial<CleanUpOptions> = {}): CleanUpOptions {
  return { keep: new Set(), olderThanMs: cleanUpDelayMs, nowMs, toldOf: new Set(), fileSystem: nodeFileSystem, ...more }
}

describe('cleanUpTasks', () => {
  it('removes tasks that are not in use and were not written lately, and says which', async () => {
    await directory('0_0', old)
    await directory('12_345', old)
    await directory('0_1', old)
    const lines: string[] = []
    const logger = { ...silentLogger, info: (_: object, message: string) => void lines.push(message) }
    const removed = await cleanUpTasks(slot, options({ keep: new Set(['0_1']), logger }))
    expect(removed.toSorted()).toEqual(['0_0', '12_345'])
    expect(await readdir(slot)).toEqual(['0_1'])
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('12_345')
  })

  it('keeps what was written within the time, be it only one file', async () => {
    await directory('0_0', old + 1, old)
    await directory('0_1', old, old + 1)
    expect(await cleanUpTasks(slot, options())).toEqual([])
    expect((await readdir(slot)).toSorted()).toEqual(['0_0', '0_1'])
  })

  it('keeps state that was refused, and says so once', async () => {
    await directory('0_0', old)
    await writeFile(path.join(slot, '0_0', 'refused.txt'), '')
    for (const name of ['refused.txt', '']) {
      await utimes(path.join(slot, '0_0', name), old / 1000, old / 1000)
    }
    const lines: object[] = []
    const logger = { ...silentLogger, info: (fields: object) => void lines.push(fields) }
    const asked = options({ logger })
    for (let times = 0; times < 2; times++) expect(await cleanUpTasks(slot, asked)).toEqual([])
    expect((await readdir(path.join(slot, '0_0'))).toSorted()).toEqual(['data', 'refused.txt'])
    expect(lines).toEqual([{ taskId: '0_0', directory: path.join(slot, '0_0') }])
  })

  it('touches nothing that is not named as a task', async () => {
    const names = ['0', '0_', '_0', '0_0x', 'x0_0', '0-0', '0_0_0', 'lock.1', '0_0.bak', 'a_b', '٠_٠']
    for (const name of names) await directory(name, 0)
    await writeFile(path.join(slot, '3_3'), 'a file')
    await utimes(path.join(slot, '3_3'), 0, 0)
    expect(await cleanUpTasks(slot, options())).toEqual([])
    expect((await readdir(slot)).toSorted()).toEqual([...names, '3_3'].toSorted())
  })

  it('removes what an earlier one that crashed had put aside', async () => {
    await directory('0_0', old)
    let removals = 0
    const crashing: FileSystem = {
      ...nodeFileSystem,
      remove: (target) => (removals++ === 1 ? Promise.reject(new Error('crash')) : nodeFileSystem.remove(target)),
    }
    await expect(cleanUpTasks(slot, options({ fileSystem: crashing }))).rejects.toThrow('crash')
    expect(await readdir(slot)).toEqual(['0_0.removed'])
    expect(await localTasks(slot, nodeFileSystem)).toEqual([])
    expect(await cleanUpTasks(slot, options())).toEqual([])
    expect(await readdir(slot)).toEqual([])
  })

  it('keeps a task that is assigned while the disk is asked', async () => {
    await directory('0_0', old)
    const keep = new Set<string>()
    const slow: FileSystem = {
      ...nodeFileSystem,
      modifiedAtMs: (file) => {
        keep.add('0_0')
        return nodeFileSystem.modifiedAtMs(file)
      },
    }
    expect(await cleanUpTasks(slot, options({ keep, fileSystem: slow }))).toEqual([])
    expect(await localTasks(slot, nodeFileSystem)).toEqual(['0_0'])
  })

  it('has nothing to do where there is no slot', async () => {
    expect(await cleanUpTasks(path.join(slot, 'none'), options())).toEqual([])
  })
})

describe('localTasks', () => {
  it('names the tasks whose directories have something in them', async () => {
    await directory('0_0', old)
    await directory('1_12', nowMs)
    await directory('lock.1', nowMs)
    await mkdir(path.join(slot, '0_1'))
    await writeFile(path.join(slot, '0_2'), 'a file')
    expect((await localTasks(slot, nodeFileSystem)).toSorted()).toEqual(['0_0', '1_12'])
    expect(await localTasks(path.join(slot, 'none'), nodeFileSystem)).toEqual([])
  })
})
