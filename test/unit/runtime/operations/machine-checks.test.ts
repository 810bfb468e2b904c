/** What the doctor says of a process and a machine, with machines that this one is not. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import type { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { getHeapStatistics } from 'node:v8'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nodeFileSystem } from '../../../../src/common/node-file-system.ts'
import { examine } from '../../../../src/runtime/operations/doctor.ts'
import type { CheckResult } from '../../../../src/runtime/operations/doctor.ts'
import { machineChecks } from '../../../../src/runtime/operations/machine-checks.ts'
import type { MachineOptions } from '../../../../src/runtime/operations/machine-checks.ts'
import { lockSlot } from '../../../../src/runtime/slot-lock.ts'

const machine = vi.hoisted(() => ({
  disk: { type: 0xef53, bsize: 4096, blocks: 10_000_000, bavail: 10_000_000 },
  memoryBytes: 0,
  hasNativeChecksums: true,
}))

vi.mock(import('node:fs/promises'), async (original) => ({
  ...(await original()),
  statfs: (async () => machine.disk) as unknown as typeof statfs,
}))
vi.mock(import('../../../../src/common/memory.ts'), () => ({ availableMemoryBytes: () => machine.memoryBytes }))
vi.mock(import('../../../../src/common/crc32c.ts'), async (original) => {
  const found = await original()
  return {
    ...found,
    get isCrc32cNative() {
      return machine.hasNativeChecksums
    },
  }
})

const heapMax = getHeapStatistics().heap_size_limit
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'machine-'))
  machine.disk = { type: 0xef53, bsize: 4096, blocks: 10_000_000, bavail: 10_000_000 }
  machine.memoryBytes = heapMax * 4
  machine.hasNativeChecksums = true
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function checked(id: string, options: Partial<MachineOptions> = {}): Promise<CheckResult | undefined> {
  const { checks } = await examine(
    machineChecks({
      nodeVersion: '24.0.0',
      stateDir: folder,
      isStateDirGiven: true,
      applicationId: 'app',
      budgetBytes: 0,
      fileSystem: nodeFileSystem,
      ...options,
    }),
  )
  return checks.find((check) => check.id === id)
}

describe('Node.js', () => {
  it.each([
    ['20.19.0', 'fail', 'install Node 24'],
    ['22.18.9', 'fail', 'install Node 24'],
    ['22.19.0', 'ok', null],
    ['23.5.0', 'warn', expect.stringContaining('22 or 24') as string],
    ['24.0.0', 'ok', null],
    ['25.1.0', 'warn', expect.stringContaining('22 or 24') as string],
  ])('%s is %s', async (nodeVersion, status, fix) => {
    expect(await checked('node', { nodeVersion })).toMatchObject({ status, fix })
  })
})

describe('Memory', () => {
  it('is enough where buffers and caches have half of it at most, and the heap 85 %', async () => {
    expect(await checked('memory', { budgetBytes: heapMax * 2 })).toMatchObject({ status: 'ok', fix: null })
    machine.memoryBytes = Math.ceil(heapMax / 0.85)
    expect(await checked('memory')).toMatchObject({ status: 'ok' })
  })

  it('is too little for budgets beyond half of it, which are named', async () => {
    expect(await checked('memory', { budgetBytes: heapMax * 2 + 1 })).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining(
        `inputBufferMaxBytes are ${Math.round((heapMax * 2) / 1024 / 1024)} MiB together`,
      ),
    })
  })

  it('is too little for the heap, with the option that sets it to 60 % in MiB', async () => {
    machine.memoryBytes = heapMax
    expect(await checked('memory')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('outside of the heap'),
      fix: expect.stringContaining(`--max-old-space-size=${Math.floor((heapMax * 0.6) / 1024 / 1024)},`),
    })
  })
})

describe('Native checksums', () => {
  it('are missed where the optional package is not there', async () => {
    expect(await checked('crc32c')).toMatchObject({ status: 'ok' })
    machine.hasNativeChecksums = false
    expect(await checked('crc32c')).toMatchObject({ status: 'warn', fix: expect.stringContaining('--omit=optional') })
  })
})

describe('The state directory', () => {
  it('is fine where it is given, on a disk with room, and nothing is left of looking at it', async () => {
    expect(await checked('state-dir')).toMatchObject({
      status: 'ok',
      detail: `${folder} is writable, 39,062 MiB free`,
    })
    expect(await readdir(folder)).toEqual([])
  })

  it('need not be there yet: then the nearest directory above it is looked at', async () => {
    const stateDir = path.join(folder, 'to', 'be', 'made')
    expect(await checked('state-dir', { stateDir })).toMatchObject({ status: 'ok' })
    expect(await readdir(folder)).toEqual([])
  })

  it('below a file cannot be written, and what is in it is not looked for', async () => {
    await writeFile(path.join(folder, 'file'), '')
    const stateDir = path.join(folder, 'file', 'state')
    expect(await checked('state-dir', { stateDir })).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/cannot be written: ENOTDIR/),
      fix: expect.stringContaining(`(now ${stateDir})`),
    })
    expect(await checked('local-state', { stateDir })).toMatchObject({ status: 'skipped' })
  })

  it('should be given', async () => {
    expect(await checked('state-dir', { isStateDirGiven: false })).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('it is the default'),
    })
  })

  it('wants a gibibyte that this user may use', async () => {
    machine.disk = { ...machine.disk, bavail: 262_144 }
    expect(await checked('state-dir')).toMatchObject({ status: 'ok' })
    machine.disk = { ...machine.disk, bavail: 262_143 }
    expect(await checked('state-dir')).toMatchObject({
      status: 'warn',
      fix: expect.stringContaining('free some space'),
    })
    // A file system that does not tell.
    machine.disk = { ...machine.disk, blocks: 0, bavail: 0 }
    expect(await checked('state-dir')).toMatchObject({ status: 'ok' })
  })

  it.each([
    ['tmpfs', 0x0102_1994, 'it is memory'],
    ['ramfs', 0x8584_58f6, 'it is memory'],
    ['overlay', 0x794c_7630, 'gone with the container'],
    ['nfs', 0x6969, 'local sockets'],
    ['cifs', 0xff53_4d42, 'local sockets'],
    ['fuse', 0x6573_5546, 'local sockets'],
  ])('on %s is not where state should be', async (name, type, trouble) => {
    machine.disk = { ...machine.disk, type }
    const found = await checked('state-dir')
    expect(found).toMatchObject({ status: 'warn', fix: 'set stateDir to a volume on a local disk' })
    expect(found?.detail).toMatch(new RegExp(`, ${name}: .*${trouble}`))
  })
})

describe('State on this machine', () => {
  const slot = (name: string): string => path.join(folder, 'app', name)

  it('is none at first, and of no application where none is named', async () => {
    expect(await checked('local-state')).toMatchObject({ status: 'ok', detail: `${folder}/app: none yet` })
    expect(await checked('local-state', { applicationId: undefined })).toMatchObject({ status: 'skipped' })
  })

  it('is counted: slots, those held, and tasks', async () => {
    for (const task of ['0/0_0', '0/0_1', '1/1_0']) await mkdir(slot(task), { recursive: true })
    const lock = await lockSlot(slot('1'))
    expect(await checked('local-state')).toMatchObject({
      status: 'ok',
      detail: '2 slots, 1 held by running processes, state of 3 tasks',
    })
    await lock?.release()
  })

  it('names the first five of what does not belong there, beside slots and in them', async () => {
    await mkdir(slot('0/0_0'), { recursive: true })
    for (const name of ['a', 'b', '0/c', '0/d', '0/e', '0/f']) await writeFile(slot(name), '')
    expect(await checked('local-state')).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/not millrace's: a, b, 0\/c, 0\/d, 0\/e$/),
      fix: `move them out of ${folder}/app: it belongs to millrace alone`,
    })
  })

  it('that was refused fails, with where it is; that which was not is left out', async () => {
    for (const task of ['0/0_0', '0/0_1']) {
      await mkdir(slot(task), { recursive: true })
      await writeFile(slot(`${task}/store`), '')
    }
    await writeFile(slot('0/0_1/refused.txt'), '')
    await writeFile(slot('stranger'), '')
    expect(await checked('local-state')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/changelogs lost what it has: [^,]*\/app\/0\/0_1$/),
      fix: expect.stringContaining('refused.txt'),
    })
  })
})
