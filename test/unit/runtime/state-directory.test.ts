import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FileSystem } from '../../../src/common/file-system.ts'
import { silentLogger } from '../../../src/common/logger.ts'
import { nodeFileSystem } from '../../../src/common/node-file-system.ts'
import { localLockSystem } from '../../../src/runtime/lock-system.ts'
import { slotOpener } from '../../../src/runtime/state-directory.ts'
import type { SlotOptions, StateSlot } from '../../../src/runtime/state-slot.ts'
import { MemoryFileSystem } from '../../support/memory-file-system.ts'

let stateDir: string
let opened: StateSlot[]

beforeEach(async () => {
  stateDir = await mkdtemp(path.join(tmpdir(), 'slots-'))
  opened = []
})

afterEach(async () => {
  await Promise.all(opened.map((slot) => slot.release()))
  await rm(stateDir, { recursive: true, force: true })
})

async function open(startId: string, more: Partial<SlotOptions> = {}, fileSystem = nodeFileSystem): Promise<StateSlot> {
  const slot = await slotOpener(fileSystem)({ stateDir, applicationId: 'app', startId, startedAtMs: 5, ...more })
  opened.push(slot)
  return slot
}

/** As a process that is killed leaves it: with the record that it had. */
async function die(slot: StateSlot, transactionalIds: string[], memberIds: string[] = []): Promise<void> {
  await slot.release({ transactionalIds, memberIds })
}

const directory = (number: number, application = 'app'): string => path.join(stateDir, application, String(number))

const written = async (): Promise<unknown> => JSON.parse(await readFile(path.join(directory(0), 'slot.json'), 'utf8'))

describe.skipIf(process.platform === 'win32')('A slot of the state directory', () => {
  it('is the first that nobody holds, of its application', async () => {
    const slots = [await open('a'), await open('b'), await open('c'), await open('d', { applicationId: 'other' })]
    expect(slots.map((slot) => slot.directory)).toEqual([
      directory(0),
      directory(1),
      directory(2),
      directory(0, 'other'),
    ])
    expect(new Set(slots.map((slot) => slot.processId)).size).toBe(4)
    await slots[1]?.release()
    expect((await open('e')).directory).toBe(directory(1))
    expect((await open('f')).directory).toBe(directory(3))
  })

  it('has one process id for all who ever hold it', async () => {
    const first = await open('a')
    await first.release()
    const second = await open('b')
    expect(second.processId).toBe(first.processId)
    expect(second.processId).toMatch(/^[\da-f-]{36}$/)
  })

  it('tells what the last holder left, until that is settled', async () => {
    const first = await open('a')
    expect(first.predecessors).toEqual([])
    await die(first, ['t1', 't2'], ['m1'])
    const left = { startId: 'a', startedAtMs: 5, transactionalIds: ['t1', 't2'], memberIds: ['m1'] }

    const second = await open('b')
    expect(second.predecessors).toMatchObject([left])
    expect(second.predecessors[0]?.host).not.toBe('')
    await second.remember({ transactionalIds: ['t1'], memberIds: ['m2'] })
    await die(second, ['t1'], ['m2'])

    const third = await open('c')
    expect(third.predecessors).toMatchObject([left, { startId: 'b', memberIds: ['m2'] }])
    await third.settlePredecessors()
    expect(third.predecessors).toEqual([])
    expect(await written()).toMatchObject({ processId: first.processId, holders: [] })
  })

  it('keeps on disk what was remembered, at the latest when it says so', async () => {
    const slot = await open('a')
    await slot.remember({ transactionalIds: ['t1'], memberIds: [] })
    expect(await written()).toMatchObject({ holders: [{ startId: 'a', transactionalIds: ['t1'] }] })
    await slot.settlePredecessors()
    expect(await written()).toMatchObject({ holders: [{ startId: 'a', transactionalIds: ['t1'] }] })
  })

  it('leaves nothing after a clean end, but what was not settled', async () => {
    await die(await open('a'), ['t1'])
    const slot = await open('b')
    await slot.remember({ transactionalIds: ['t2'], memberIds: ['m2'] })
    await slot.release()
    expect((await open('c')).predecessors).toMatchObject([{ startId: 'a' }])
  })

  it('keeps the last sixteen of a crash loop', async () => {
    for (let start = 0; start < 20; start++) await die(await open(`start ${start}`), [`t${start}`])
    const slot = await open('last')
    expect(slot.predecessors.map(({ startId }) => startId)).toEqual(
      Array.from({ length: 16 }, (_, index) => `start ${index + 4}`),
    )
  })

  it('takes the last of overlapping calls, and writes one at a time', async () => {
    let writing = 0
    let most = 0
    let writes = 0
    const watched: FileSystem = {
      ...nodeFileSystem,
      rename: async (from, to) => {
        writes++
        most = Math.max(most, ++writing)
        await nodeFileSystem.rename(from, to)
        writing--
      },
    }
    const slot = await open('a', {}, watched)
    writes = 0
    const calls = Array.from({ length: 50 }, (_, index) =>
      slot.remember({ transactionalIds: [`t${index}`], memberIds: [] }),
    )
    await Promise.all(calls)
    expect(most).toBe(1)
    expect(writes).toBeLessThanOrEqual(2)
    expect(await written()).toMatchObject({ holders: [{ transactionalIds: ['t49'] }] })
  })

  it('goes on after a write that failed', async () => {
    const disk = new MemoryFileSystem()
    const slot = await open('a', {}, disk)
    disk.fail('ENOSPC', { matches: ({ kind }) => kind === 'append' })
    await expect(slot.remember({ transactionalIds: ['t1'], memberIds: [] })).rejects.toMatchObject({
      code: 'MILLRACE_STATE_DIR_UNUSABLE',
      message: expect.stringContaining('the disk is full') as string,
    })
    await slot.remember({ transactionalIds: ['t2'], memberIds: [] })
    expect(disk.peek(path.join(directory(0), 'slot.json'))?.toString()).toContain('t2')
  })

  it('is released even if its record cannot be written', async () => {
    const disk = new MemoryFileSystem()
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) }
    const slot = await open('a', { logger }, disk)
    disk.fail('EIO', { times: Infinity })
    await slot.release()
    expect(warnings).toHaveLength(1)
    expect((await open('b')).directory).toBe(directory(0))
  })

  it('is not written to after its release', async () => {
    const first = await open('a')
    await first.release()
    const second = await open('b')
    await second.remember({ transactionalIds: ['t2'], memberIds: [] })
    await expect(first.remember({ transactionalIds: ['t1'], memberIds: [] })).rejects.toMatchObject({
      code: 'MILLRACE_STATE_SLOT_LOST',
      directory: directory(0),
    })
    await first.release()
    expect(await second.isHeld()).toBe(true)
    expect(await written()).toMatchObject({ holders: [{ startId: 'b', transactionalIds: ['t2'] }] })
  })

  it('has a new process id when its record was damaged', async () => {
    const first = await open('a')
    await die(first, ['t1'])
    await writeFile(path.join(directory(0), 'slot.json'), '{ "format": 1, "proc')
    const second = await open('b')
    expect(second.processId).not.toBe(first.processId)
    expect(second.predecessors).toEqual([])
    expect(await written()).toMatchObject({ processId: second.processId })
  })

  it('keeps its record to itself', async () => {
    await open('a')
    expect((await stat(path.join(directory(0), 'slot.json'))).mode & 0o777).toBe(0o600)
  })
})

describe.skipIf(process.platform === 'win32')('A slot with state of one Kafka cluster', () => {
  const warnings: string[] = []
  const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) }
  const state = (slot: StateSlot): string => path.join(slot.directory ?? '', '0_0', 'state.log')

  beforeEach(() => void warnings.splice(0))

  async function leaveState(clusterId: string | undefined): Promise<string> {
    const slot = await open('a', { clusterId, logger })
    await mkdir(path.dirname(state(slot)))
    await writeFile(state(slot), 'state')
    await slot.release()
    return state(slot)
  }

  it('is not used with another, and stays as it is', async () => {
    const left = await leaveState('X')
    const record = await written()
    expect(record).toMatchObject({ clusterId: 'X' })
    const slot = await open('b', { clusterId: 'Y', logger })
    expect(slot.directory).toBe(directory(1))
    expect(warnings).toEqual([
      `the state in ${directory(0)} belongs to the Kafka cluster X, and this is Y; it stays as it is, and ` +
        `${directory(1)} is used. Remove it when it is not needed`,
    ])
    expect([await readFile(left, 'utf8'), await written()]).toEqual(['state', record])
    await slot.release()
    expect((await open('c', { clusterId: 'Y' })).directory).toBe(directory(1))
    expect((await open('d', { clusterId: 'X' })).directory).toBe(directory(0))
  })

  it('is named in one warning together with others, of which three are shown', async () => {
    for (const clusterId of ['V', 'W', 'X', 'Y']) await leaveState(clusterId)
    warnings.splice(0)
    await open('b', { clusterId: 'Z', logger })
    expect(warnings).toEqual([
      `the state in ${directory(0)}, ${directory(1)}, ${directory(2)} and 1 more belongs to the Kafka clusters V, W, X and ` +
        `1 more, and this is Z; it stays as it is, and ${directory(4)} is used. Remove it when it is not needed`,
    ])
  })

  it('remembers that cluster through all writes', async () => {
    const slot = await open('a', { clusterId: 'X' })
    await slot.remember({ transactionalIds: ['t1'], memberIds: [] })
    await slot.settlePredecessors()
    await die(slot, ['t1'])
    expect(await written()).toMatchObject({ clusterId: 'X', holders: [{ startId: 'a' }] })
    expect((await open('b', { clusterId: 'Y' })).directory).toBe(directory(1))
  })

  it('is used where one of the two is not known', async () => {
    await leaveState(undefined)
    for (const clusterId of ['X', undefined, 'X']) {
      const slot = await open('b', { clusterId, logger })
      expect(slot.directory).toBe(directory(0))
      expect(await written()).toMatchObject({ clusterId: 'X' })
      await slot.release()
    }
    expect(warnings).toEqual([])
  })

  it('is used with another once it is empty', async () => {
    const left = await leaveState('X')
    await rm(path.dirname(left), { recursive: true })
    expect((await open('b', { clusterId: 'Y', logger })).directory).toBe(directory(0))
    expect(await written()).toMatchObject({ clusterId: 'Y' })
    expect(warnings).toEqual([])
  })
})

describe.skipIf(process.platform === 'win32')('A state directory that cannot be used', () => {
  it('is named, with the reason and what to do', async () => {
    const file = path.join(stateDir, 'file')
    await writeFile(file, '')
    await expect(open('a', { stateDir: file })).rejects.toMatchObject({
      code: 'MILLRACE_STATE_DIR_UNUSABLE',
      directory: path.join(file, 'app', '0'),
      message: expect.stringMatching(
        /file\/app\/0 cannot be used: a part of the path is not a directory.*set stateDir/,
      ),
    })
  })

  it('is told from one that another process holds', async () => {
    for (const [code, reason] of [
      ['EACCES', 'may not write'],
      ['EROFS', 'read-only'],
      ['ENOSPC', 'full'],
      ['ESTALE', 'refused'],
    ]) {
      const failing = Object.assign(new Error(`${code}: of the test`), { code })
      const lockSystem = { ...localLockSystem, makeDirectory: () => Promise.reject(failing) }
      const opening = slotOpener(
        nodeFileSystem,
        lockSystem,
      )({
        stateDir,
        applicationId: 'app',
        startId: 'a',
        startedAtMs: 0,
      })
      await expect(opening).rejects.toThrow(new RegExp(`${reason}.*${code}`))
      await expect(opening).rejects.toMatchObject({ code: 'MILLRACE_STATE_DIR_UNUSABLE', cause: failing })
    }
  })

  it('is not left locked', async () => {
    const disk = new MemoryFileSystem()
    disk.fail('EROFS', { matches: ({ kind }) => kind === 'append' })
    await expect(open('a', {}, disk)).rejects.toMatchObject({ code: 'MILLRACE_STATE_DIR_UNUSABLE' })
    expect((await open('b')).directory).toBe(directory(0))
  })

  it('is one whose every slot is held', async () => {
    const lockSystem = {
      ...localLockSystem,
      list: () => Promise.resolve(['lock.1']),
      answers: () => Promise.resolve(true),
    }
    const opening = slotOpener(
      nodeFileSystem,
      lockSystem,
    )({ stateDir, applicationId: 'app', startId: 'a', startedAtMs: 0 })
    await expect(opening).rejects.toMatchObject({ code: 'MILLRACE_STATE_DIR_CROWDED' })
  })
})
