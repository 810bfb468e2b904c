import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { localLockSystem, type LockSystem } from '../../../src/runtime/lock-system.ts'
import { isSlotHeld, lockSlot } from '../../../src/runtime/slot-lock.ts'

let folder: string
let slot: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'lock-'))
  slot = path.join(folder, 'app', '0')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const locks = async (): Promise<string[]> => (await readdir(slot)).filter((name) => name.startsWith('lock')).toSorted()

describe.skipIf(process.platform === 'win32')('The lock of a slot', () => {
  it('is held by one, until it is released', async () => {
    const first = await lockSlot(slot)
    expect(await first?.isHeld()).toBe(true)
    expect(await lockSlot(slot)).toBeUndefined()

    await first?.release()
    expect(await first?.isHeld()).toBe(false)
    const second = await lockSlot(slot)
    expect(await second?.isHeld()).toBe(true)
    expect(await first?.isHeld()).toBe(false)
    await second?.release()
  })

  it('is taken by who asked just as it was released', async () => {
    const first = await lockSlot(slot)
    const second = await lockSlot(slot, {
      ...localLockSystem,
      answers(socket) {
        // The question waits in the queue of a listener that closes without having seen it.
        const answer = localLockSystem.answers(socket)
        void first?.release()
        return answer
      },
    })
    expect(await second?.isHeld()).toBe(true)
    await second?.release()
  })

  it('goes to one of many that want it at once', async () => {
    for (let round = 1; round <= 20; round++) {
      const taken = (await Promise.all(Array.from({ length: 8 }, () => lockSlot(slot)))).filter(
        (lock) => lock !== undefined,
      )
      expect(taken).toHaveLength(1)
      expect(await taken[0]?.isHeld()).toBe(true)
      expect(await locks()).toEqual([`lock.${round}`])
      await taken[0]?.release()
    }
  })

  it('leaves its number behind, and only that', async () => {
    await (await lockSlot(slot))?.release()
    expect(await locks()).toEqual(['lock.1'])
    await (await lockSlot(slot))?.release()
    expect(await locks()).toEqual(['lock.2'])
  })

  it('passes by what is left of dead processes, whatever it looks like', async () => {
    await mkdir(path.join(slot, 'lock.3'), { recursive: true })
    await mkdir(path.join(slot, 'lock.9'))
    await writeFile(path.join(slot, 'lock.9', 'socket'), 'restored from an archive')
    await writeFile(path.join(slot, 'lock.10'), 'not even a folder')
    await mkdir(path.join(slot, 'lock.new-dead'))
    await mkdir(path.join(slot, 'lock.old-gone'))
    for (const name of ['lock.mine', 'lock.012', 'lock.99x']) await mkdir(path.join(slot, name))
    const lock = await lockSlot(slot)
    expect(await lock?.isHeld()).toBe(true)
    expect(await locks()).toEqual(['lock.012', 'lock.11', 'lock.99x', 'lock.mine'])
    await lock?.release()
  })

  it('is lost when its folder, its socket or its slot is gone, or a higher number is there', async () => {
    const losses: Record<string, () => Promise<unknown>> = {
      folder: () => rm(path.join(slot, 'lock.1'), { recursive: true }),
      socket: () => rm(path.join(slot, 'lock.1', 'socket')),
      'renamed folder': () => rename(path.join(slot, 'lock.1'), path.join(slot, 'lock.0')),
      slot: () => rm(slot, { recursive: true }),
      number: () => mkdir(path.join(slot, 'lock.2')),
    }
    for (const [name, lose] of Object.entries(losses)) {
      await rm(slot, { recursive: true, force: true })
      const lock = await lockSlot(slot)
      await lose()
      expect([name, await lock?.isHeld()]).toEqual([name, false])
      await lock?.release()
    }
  })

  it('is found under a long path, by its long and by a short name', async () => {
    const long = path.join(folder, 'x'.repeat(150))
    await mkdir(long)
    const lock = await lockSlot(path.join(long, '0'))
    expect(await lock?.isHeld()).toBe(true)
    expect(await lockSlot(path.join(long, '0'))).toBeUndefined()
    // As a container does that has mounted the same volume somewhere else.
    const short = path.join(folder, 'short')
    await rename(long, short)
    expect(await lockSlot(path.join(short, '0'))).toBeUndefined()
    await lock?.release()
    expect((await readdir(path.join(short, '0', 'lock.1'))).length).toBe(1)
  })

  it('asks for a shorter path where no short link can be made', async () => {
    vi.stubEnv('TMPDIR', '/dev/null')
    try {
      await expect(lockSlot(path.join(folder, 'x'.repeat(150)))).rejects.toMatchObject({
        code: 'MILLRACE_STATE_DIR_UNUSABLE',
        message: expect.stringMatching(/too long.*dev\/null.*shorter stateDir/) as string,
      })
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it('opens its folders to nobody else', async () => {
    const lock = await lockSlot(slot)
    for (const directory of [path.dirname(slot), slot, path.join(slot, 'lock.1')]) {
      expect(await modeOf(directory)).toBe('700')
    }
    await lock?.release()
  })

  it('says so where the file system has no sockets', async () => {
    for (const code of ['EOPNOTSUPP', 'ENOTSUP', 'EPERM']) {
      const system: LockSystem = { ...localLockSystem, listen: () => Promise.reject(failure(code)) }
      await expect(lockSlot(slot, system)).rejects.toMatchObject({
        code: 'MILLRACE_STATE_DIR_NO_LOCKS',
        directory: slot,
        message: expect.stringMatching(new RegExp(`${slot} cannot be locked: ${code}.*local disk`)) as string,
      })
      expect(await locks()).toEqual([])
    }
  })

  it('says so where folders cannot be renamed, and stops listening', async () => {
    let closed = 0
    const system: LockSystem = {
      ...localLockSystem,
      rename: () => Promise.reject(failure('EXDEV')),
      listen: async (socket) => {
        const listener = await localLockSystem.listen(socket)
        return { isListening: () => listener.isListening(), close: () => (closed++, listener.close()) }
      },
    }
    await expect(lockSlot(slot, system)).rejects.toMatchObject({ code: 'MILLRACE_STATE_DIR_NO_LOCKS' })
    expect(closed).toBe(1)
    expect(await locks()).toEqual([])
  })

  it.each(['ENOTEMPTY', 'EEXIST', 'ENOENT'])('gives up as taken where others are always faster: %s', async (code) => {
    let attempts = 0
    const system: LockSystem = { ...localLockSystem, rename: () => (attempts++, Promise.reject(failure(code))) }
    expect(await lockSlot(slot, system)).toBeUndefined()
    expect(attempts).toBe(100)
  })

  it('is refused where this user may not make a socket, which is no other being faster', async () => {
    const system: LockSystem = { ...localLockSystem, listen: () => Promise.reject(failure('EACCES')) }
    await expect(lockSlot(slot, system)).rejects.toMatchObject({ code: 'EACCES' })
  })

  it('is not held by who has lost its socket before it was named, and is taken by the next number', async () => {
    let losses = 0
    const system: LockSystem = {
      ...localLockSystem,
      identity: async (socket) => {
        if (losses++ === 0) await rm(socket)
        return localLockSystem.identity(socket)
      },
    }
    const lock = await lockSlot(slot, system)
    expect(await locks()).toEqual(['lock.2'])
    expect(await lock?.isHeld()).toBe(true)
    await lock?.release()
  })

  it('stops listening where its socket cannot be looked at', async () => {
    let closed = 0
    const system: LockSystem = {
      ...localLockSystem,
      identity: () => Promise.reject(failure('EIO')),
      listen: async (socket) => {
        const listener = await localLockSystem.listen(socket)
        return { isListening: () => listener.isListening(), close: () => (closed++, listener.close()) }
      },
    }
    await expect(lockSlot(slot, system)).rejects.toMatchObject({ code: 'EIO' })
    expect(closed).toBe(1)
  })

  it('is seen by those who only look, as long as a process has it', async () => {
    expect(await isSlotHeld(slot)).toBe(false)
    const lock = await lockSlot(slot)
    expect(await isSlotHeld(slot)).toBe(true)
    await lock?.release()
    expect(await isSlotHeld(slot)).toBe(false)
    expect(await locks()).toEqual(['lock.1'])
  })

  it('is not taken where it cannot be seen whether somebody listens', async () => {
    const lock = await lockSlot(slot)
    const system: LockSystem = { ...localLockSystem, answers: () => Promise.reject(failure('EMFILE')) }
    await expect(lockSlot(slot, system)).rejects.toMatchObject({ code: 'EMFILE' })
    await lock?.release()
  })

  it('survives that its fresh folder is taken for a leftover', async () => {
    let removals = 0
    const system: LockSystem = {
      ...localLockSystem,
      listen: async (socket) => {
        if (removals++ === 0) await localLockSystem.remove(path.dirname(socket))
        return localLockSystem.listen(socket)
      },
      rename: async (from, to) => {
        if (removals++ === 2) await localLockSystem.remove(from)
        return localLockSystem.rename(from, to)
      },
    }
    const lock = await lockSlot(slot, system)
    expect(removals).toBeGreaterThan(3)
    expect(await lock?.isHeld()).toBe(true)
    await lock?.release()
  })
})

async function modeOf(directory: string): Promise<string> {
  return ((await stat(directory)).mode & 0o777).toString(8)
}

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: refused`), { code })
}
