import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SlotProcess } from '../../support/slot-process.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

let folder: string
let stateDir: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slots-'))
  stateDir = path.join(folder, 'state')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const slot = (number: number): string => path.join(stateDir, 'app', String(number))

describe.skipIf(process.platform === 'win32')('A slot that a process holds', () => {
  it('is free at once after kill -9, with its identity and what the process left', async () => {
    await using first = new SlotProcess()
    await using second = new SlotProcess()
    const { directory, processId } = await first.open(stateDir)
    await first.remember({ transactionalIds: ['app-1'], memberIds: ['member-1'] })
    await first.kill()

    const heir = await second.open(stateDir)
    expect(heir.directory).toBe(directory)
    expect(heir.processId).toBe(processId)
    expect(heir.predecessors).toMatchObject([
      { startId: `start of ${first.pid}`, transactionalIds: ['app-1'], memberIds: ['member-1'] },
    ])
  })

  it('is held while the process is stopped, however often others knock', async () => {
    await using stopped = new SlotProcess()
    await using other = new SlotProcess()
    await stopped.open(stateDir)
    stopped.stop()

    if (process.platform === 'linux') {
      // More than it queues for a process that does not take them.
      const socket = path.relative(process.cwd(), path.join(slot(0), 'lock.1', 'socket'))
      const knocks = await Promise.all(Array.from({ length: 600 }, () => knock(socket)))
      expect(knocks).toContain('EAGAIN')
    }

    expect((await other.open(stateDir)).directory).toBe(slot(1))
    stopped.goOn()
    expect(await stopped.isHeld()).toBe(true)
  })

  it('is never held by a second one that starts at the same instant', async () => {
    await using first = new SlotProcess()
    await using second = new SlotProcess()
    await using third = new SlotProcess()
    const processes = [first, second, third]
    for (let round = 0; round < 20; round++) {
      const opened = await Promise.all(processes.map((one) => one.open(stateDir)))
      const directories = new Set(opened.map(({ directory }) => directory))
      expect(directories.size).toBe(processes.length)
      expect(directories).toContain(slot(0))
      expect(await Promise.all(processes.map((one) => one.isHeld()))).toEqual([true, true, true])
      await Promise.all(processes.map((one) => one.release()))
    }
  })

  it('goes to one only of those who take it while its process is being killed', async () => {
    await using left = new SlotProcess()
    await using right = new SlotProcess()
    for (let round = 0; round < 3; round++) {
      await using dying = new SlotProcess()
      await dying.open(stateDir)
      // Some still find it alive.
      const killed = dying.kill()
      const opened = await Promise.all([left.open(stateDir), right.open(stateDir)])
      await killed
      expect(opened[0].directory).not.toBe(opened[1].directory)
      expect([await left.isHeld(), await right.isHeld()]).toEqual([true, true])
      await Promise.all([left.release(), right.release()])
    }
  })

  it('is held under a path that is longer than a socket may have', async () => {
    const long = path.join(stateDir, 'x'.repeat(120), 'y'.repeat(120))
    await using first = new SlotProcess()
    await using second = new SlotProcess()
    await using third = new SlotProcess()
    expect((await first.open(long)).directory).toBe(path.join(long, 'app', '0'))
    expect((await second.open(long)).directory).toBe(path.join(long, 'app', '1'))
    expect(await first.isHeld()).toBe(true)
    await first.kill()
    expect((await third.open(long)).directory).toBe(path.join(long, 'app', '0'))
  })

  it('has a copy that is not held, with the same identity', async () => {
    await using original = new SlotProcess()
    await using copier = new SlotProcess()
    const { processId } = await original.open(stateDir)
    const copy = path.join(folder, 'copy')
    spawnSync('cp', ['-r', stateDir, copy])
    const opened = await copier.open(copy)
    expect(opened.directory).toBe(path.join(copy, 'app', '0'))
    expect(opened.processId).toBe(processId)
    expect(await original.isHeld()).toBe(true)
  })

  it('does not keep its process from ending', () => {
    const open = `
      import { nodeFileSystem } from './src/common/node-file-system.ts'
      import { slotOpener } from './src/runtime/state-directory.ts'
      const slot = await slotOpener(nodeFileSystem)({ stateDir: ${JSON.stringify(stateDir)}, applicationId: 'app', startId: '', startedAtMs: 0 })
      console.log(await slot.isHeld())`
    const ended = spawnSync(process.execPath, ['--input-type=module', '-e', open], { cwd: root, timeout: 20_000 })
    expect(ended).toMatchObject({ status: 0, stdout: Buffer.from('true\n') })
  })

  it('is noticed as lost by its process when somebody deletes it and another takes it', async () => {
    await using first = new SlotProcess()
    await using second = new SlotProcess()
    await first.open(stateDir)
    await rm(slot(0), { recursive: true })
    expect(await first.isHeld()).toBe(false)

    // The number is the same again, the socket is not.
    expect((await second.open(stateDir)).directory).toBe(slot(0))
    expect(await readdir(slot(0))).toContain('lock.1')
    expect(await first.isHeld()).toBe(false)
    await expect(first.remember({ transactionalIds: ['mine'], memberIds: [] })).rejects.toThrow('no longer holds')
    await first.release()
    expect(await second.isHeld()).toBe(true)
  })
})

function knock(socket: string): Promise<string> {
  return new Promise((resolve) => {
    const connection = createConnection(socket, () => resolve('connected'))
    connection.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
    connection.unref()
  })
}
