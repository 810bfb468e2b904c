import { describe, expect, it } from 'vitest'
import { deferred } from '../../../src/common/deferred.ts'
import { silentLogger, type Logger } from '../../../src/common/logger.ts'
import { LogEngine, type LogEngineOptions } from '../../../src/state/log-engine.ts'
import { emptyBatch, emptyMarker, type Batch, type TaskState } from '../../../src/state/state-engine.ts'
import { settled } from '../../support/manual-clock.ts'
import { MemoryFileSystem, type DiskOperation } from '../../support/memory-file-system.ts'
import { storeConformance } from '../../support/store-conformance.ts'
import { batchOf, contentsOf, markerOf } from '../../support/task-state.ts'

const directory = '/state/app/0/0_0'
const logPath = `${directory}/state.log`
const newPath = `${directory}/state.log.new`

function open(fileSystem: MemoryFileSystem, options: Partial<LogEngineOptions> = {}): Promise<TaskState> {
  return new LogEngine({ fileSystem, ...options }).open('0_0', directory)
}

/** Its log after `commits` commits, closed. */
async function logOf(commits: number): Promise<{ fileSystem: MemoryFileSystem; bytes: Buffer }> {
  const fileSystem = new MemoryFileSystem()
  const state = await open(fileSystem)
  for (let n = 1; n <= commits; n++) await state.commit(batchOf(['s', `k${n}`, `v${n}`]), markerOf(n))
  await state.close()
  return { fileSystem, bytes: fileSystem.peek(logPath) as Buffer }
}

storeConformance(() => open(new MemoryFileSystem()))

describe('The engine with a log', () => {
  it('has after it was closed and opened what was committed, deleted and cleared', async () => {
    const fileSystem = new MemoryFileSystem()
    const engine = new LogEngine({ fileSystem })
    const state = await engine.open('0_0', directory)
    expect(state.marker).toBeUndefined()
    await state.commit(batchOf(['s', 'a', '1'], ['t', 'a', '2'], ['s', 'b', '3'], ['u', '', '']), markerOf(1))
    await state.commit(batchOf(['s', 'b', null], ['s', 'a', '22'], ['s', 'absent', null]), markerOf(2))
    await state.clear('t', markerOf(3))
    await state.commit(emptyBatch, markerOf(4))
    await state.close()
    const again = await engine.open('0_0', directory)
    expect(again.damage).toBeUndefined()
    expect(again.marker).toEqual(markerOf(4))
    expect(contentsOf(again, ['s', 't', 'u'])).toEqual({ 's/a': '22', 'u/': '' })
  })

  it('keeps the bytes of keys and values as they are', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = await open(fileSystem)
    const all = Uint8Array.from({ length: 256 }, (_, i) => i)
    const large = new Uint8Array(300_000).fill(7)
    await state.commit({ forEach: (visit) => (visit('s', all, all), visit('s', large, large)) }, markerOf(1))
    await state.close()
    const keyspace = (await open(fileSystem)).keyspace('s')
    expect(Buffer.from(keyspace.get(all) ?? []).equals(all)).toBe(true)
    expect(Buffer.from(keyspace.get(large) ?? []).equals(large)).toBe(true)
  })

  it('has read the batch when commit returns, and shows it when it is in the file', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = await open(fileSystem)
    const value = Buffer.from('v')
    const pending = state.commit({ forEach: (visit) => visit('s', Buffer.from('k'), value) }, markerOf(1))
    value.fill(0)
    expect(contentsOf(state, ['s'])).toEqual({})
    expect(state.marker).toBeUndefined()
    await pending
    expect(contentsOf(state, ['s'])).toEqual({ 's/k': 'v' })
    expect(state.marker).toEqual(markerOf(1))
  })

  it('takes nothing of a batch that throws, and goes on', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = await open(fileSystem)
    const broken: Batch = {
      forEach(visit) {
        visit('s', Buffer.from('k'), Buffer.from('v'))
        throw new Error('broken record')
      },
    }
    expect(() => state.commit(broken, emptyMarker)).toThrow('broken record')
    await state.commit(batchOf(['s', 'a', '1']), markerOf(1))
    await state.close()
    expect(contentsOf(await open(fileSystem), ['s'])).toEqual({ 's/a': '1' })
  })

  it('appends a commit in one piece, without a sync', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = await open(fileSystem)
    const seen: string[] = []
    fileSystem.gate = ({ kind }) => Promise.resolve(void seen.push(kind))
    await state.commit(batchOf(['s', 'a', '1'], ['t', 'b', '2']), markerOf(1))
    expect(seen).toEqual(['append'])
  })

  it('refuses commits that overlap, a second owner of a directory, and commits after it was closed', async () => {
    const engine = new LogEngine({ fileSystem: new MemoryFileSystem() })
    const state = await engine.open('0_0', directory)
    await expect(engine.open('0_0', directory)).rejects.toThrow(/opened once/)
    const first = state.commit(emptyBatch, markerOf(1))
    expect(() => state.commit(emptyBatch, markerOf(2))).toThrow(/do not overlap/)
    expect(() => state.clear('s', markerOf(2))).toThrow(/do not overlap/)
    await first
    await state.close()
    await state.close()
    expect(() => state.commit(emptyBatch, markerOf(2))).toThrow(/is open/)
    expect((await engine.open('0_0', directory)).marker).toEqual(markerOf(1))
  })

  it('refuses a commit that is too large for a frame, and takes smaller ones after it', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = await open(fileSystem, { limits: { maxFrameBytes: 1000 } })
    expect(() => state.commit(batchOf(['s', 'k', 'x'.repeat(1000)]), markerOf(1))).toThrow(
      expect.objectContaining({ code: 'MILLRACE_STATE_COMMIT_TOO_LARGE', taskId: '0_0' }) as Error,
    )
    await state.commit(batchOf(['s', 'k', 'x'.repeat(600)]), markerOf(2))
    expect(state.marker).toEqual(markerOf(2))
  })
})

describe('A state log that was not ended well', () => {
  it('is cut off without a word where the last commit is incomplete', async () => {
    const { bytes } = await logOf(3)
    const { bytes: two } = await logOf(2)
    for (let kept = two.byteLength; kept < bytes.byteLength; kept++) {
      const fileSystem = new MemoryFileSystem()
      fileSystem.poke(logPath, bytes.subarray(0, kept))
      const state = await open(fileSystem)
      expect(state.damage).toBeUndefined()
      expect(state.marker).toEqual(markerOf(2))
      expect(contentsOf(state, ['s'])).toEqual({ 's/k1': 'v1', 's/k2': 'v2' })
      expect(fileSystem.peek(logPath)?.equals(two)).toBe(true)
    }
  })

  it('is empty without a word where its first commit is incomplete', async () => {
    const { bytes } = await logOf(1)
    for (let kept = 0; kept < bytes.byteLength; kept++) {
      const fileSystem = new MemoryFileSystem()
      fileSystem.poke(logPath, bytes.subarray(0, kept))
      const state = await open(fileSystem)
      expect([state.damage, state.marker]).toEqual([undefined, undefined])
      await state.commit(batchOf(['s', 'new', '1']), markerOf(9))
      await state.close()
      const again = await open(fileSystem)
      expect([again.damage, again.marker]).toEqual([undefined, markerOf(9)])
      expect(contentsOf(again, ['s'])).toEqual({ 's/new': '1' })
    }
  })

  it('takes zeros behind the last commit for what a power cut left', async () => {
    const { fileSystem, bytes } = await logOf(2)
    for (const zeros of [1, 12, 5000]) {
      fileSystem.poke(logPath, Buffer.concat([bytes, Buffer.alloc(zeros)]))
      const state = await open(fileSystem)
      expect([state.damage, state.marker]).toEqual([undefined, markerOf(2)])
      expect(fileSystem.peek(logPath)?.equals(bytes)).toBe(true)
    }
  })

  it('says where a checksum is wrong, and goes on from the commit before', async () => {
    const { fileSystem, bytes } = await logOf(3)
    const { bytes: one } = await logOf(1)
    const broken = Buffer.from(bytes)
    broken[one.byteLength + 40] = 0xee
    fileSystem.poke(logPath, broken)
    const state = await open(fileSystem)
    expect(state.damage).toMatch(new RegExp(`${logPath} is damaged.*byte ${one.byteLength} is wrong`))
    expect(state.marker).toEqual(markerOf(1))
    expect(fileSystem.peek(logPath)?.equals(one)).toBe(true)
  })

  it.each([
    ['of another format version', (bytes: Buffer) => bytes.writeUInt32BE(2, 8), /format version is 2/],
    ['of another program', (bytes: Buffer) => bytes.write('SQLite f'), /does not begin as a state log/],
    ['whose first commit is broken', (bytes: Buffer) => bytes.writeUInt8(1, 30), /commit at byte 12/],
  ])('is put aside, never deleted, where it is %s', async (_name, damage, message) => {
    const { fileSystem, bytes } = await logOf(2)
    damage(bytes)
    for (const number of [1, 2]) {
      fileSystem.poke(logPath, bytes)
      const state = await open(fileSystem)
      expect(state.damage).toMatch(message)
      expect(state.damage).toContain(`${logPath}.damaged-${number}`)
      expect(state.marker).toBeUndefined()
      expect(contentsOf(state, ['s'])).toEqual({})
      expect(fileSystem.peek(`${logPath}.damaged-${number}`)?.equals(bytes)).toBe(true)
      await state.commit(batchOf(['s', 'a', '1']), markerOf(7))
      await state.close()
      expect(contentsOf(await open(fileSystem), ['s'])).toEqual({ 's/a': '1' })
    }
  })

  it('is put aside where its marker is of another version', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = await open(fileSystem)
    await state.commit(batchOf(['s', 'a', '1']), { ...markerOf(1), formatVersion: 99 })
    await state.close()
    const again = await open(fileSystem)
    expect(again.damage).toMatch(/marker has the version 99/)
    expect(contentsOf(again, ['s'])).toEqual({})
  })
})

describe('A disk that fails the log', () => {
  const isAppend = { matches: ({ kind }: { readonly kind: string }) => kind === 'append' }

  it('fails the commit with what happened and what to do, and nothing has changed', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = await open(fileSystem)
    await state.commit(batchOf(['s', 'a', '1']), markerOf(1))
    fileSystem.fail('ENOSPC', { ...isAppend, share: 0.6 })
    await expect(state.commit(batchOf(['s', 'a', '2']), markerOf(2))).rejects.toThrow(
      expect.objectContaining({
        code: 'MILLRACE_STATE_WRITE_FAILED',
        reaction: 'retriable',
        systemCode: 'ENOSPC',
        path: logPath,
        taskId: '0_0',
      }) as Error,
    )
    expect(state.marker).toEqual(markerOf(1))
    expect(contentsOf(state, ['s'])).toEqual({ 's/a': '1' })
    await state.commit(batchOf(['s', 'a', '2'], ['s', 'b', '3']), markerOf(3))
    await state.close()
    const again = await open(fileSystem)
    expect([again.damage, again.marker]).toEqual([undefined, markerOf(3)])
    expect(contentsOf(again, ['s'])).toEqual({ 's/a': '2', 's/b': '3' })
  })

  it('fails every commit as long as what is broken cannot be cut off', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = await open(fileSystem)
    await state.commit(batchOf(['s', 'a', '1']), markerOf(1))
    fileSystem.fail('EIO', { ...isAppend, share: 0.5 })
    fileSystem.fail('EIO', { matches: ({ kind }) => kind === 'truncate', times: 2 })
    for (const number of [2, 3, 4]) {
      await expect(state.commit(batchOf(['s', 'a', '2']), markerOf(number))).rejects.toThrow('EIO')
    }
    await state.commit(batchOf(['s', 'a', '2']), markerOf(5))
    await state.close()
    const again = await open(fileSystem)
    expect([again.damage, again.marker]).toEqual([undefined, markerOf(5)])
  })

  it('is full, has room again, and nothing is lost', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = await open(fileSystem)
    for (let number = 1; number <= 5; number++) await state.commit(batchOf(['s', `k${number}`, 'x']), markerOf(number))
    fileSystem.capacityBytes = fileSystem.usedBytes + 20
    const pending: [string, string, string][] = []
    for (let number = 6; number <= 9; number++) {
      pending.push(['s', `k${number}`, 'x'])
      await expect(state.commit(batchOf(...pending), markerOf(number))).rejects.toThrow('ENOSPC')
    }
    fileSystem.capacityBytes = Infinity
    await state.commit(batchOf(...pending), markerOf(10))
    const again = await open(fileSystem.crash())
    expect(again.marker).toEqual(markerOf(10))
    expect(again.keyspace('s').size).toBe(9)
  })

  it('is named when a state cannot be opened, and the state can be opened later', async () => {
    const { fileSystem } = await logOf(1)
    const engine = new LogEngine({ fileSystem })
    for (const kind of ['makeDirectory', 'remove', 'open', 'read']) {
      fileSystem.fail('EACCES', { matches: (operation) => operation.kind === kind })
      await expect(engine.open('0_0', directory)).rejects.toThrow(
        expect.objectContaining({
          code: 'MILLRACE_STATE_OPEN_FAILED',
          systemCode: 'EACCES',
          message: expect.stringContaining(directory) as string,
        }) as Error,
      )
    }
    expect((await engine.open('0_0', directory)).marker).toEqual(markerOf(1))
  })

  it('opens new state on a full disk, and makes its file with the first commit that finds room', async () => {
    for (const code of ['ENOSPC', 'EDQUOT']) {
      const fileSystem = new MemoryFileSystem()
      fileSystem.fail(code, { matches: ({ kind }) => kind === 'makeDirectory', times: 2 })
      fileSystem.fail(code, { matches: ({ kind }) => kind === 'open' })
      const engine = new LogEngine({ fileSystem })
      await (await engine.open('0_0', directory)).close()
      const state = await engine.open('0_0', directory)
      await expect(state.commit(batchOf(['s', 'a', '1']), markerOf(1))).rejects.toMatchObject({
        code: 'MILLRACE_STATE_WRITE_FAILED',
        systemCode: code,
      })
      expect(state.marker).toBeUndefined()
      await state.commit(batchOf(['s', 'b', '2']), markerOf(2))
      await state.close()
      const again = await engine.open('0_0', directory)
      expect([again.marker, contentsOf(again, ['s'])]).toEqual([markerOf(2), { 's/b': '2' }])
    }
  })

  it('does not take state for new that a full disk does not let it open, and says that it passes', async () => {
    const { fileSystem } = await logOf(1)
    fileSystem.fail('ENOSPC', { matches: ({ kind }) => kind === 'open' })
    await expect(open(fileSystem)).rejects.toMatchObject({
      code: 'MILLRACE_STATE_OPEN_FAILED',
      reaction: 'retriable',
      message: expect.stringContaining('Make room') as string,
    })
    expect((await open(fileSystem)).marker).toEqual(markerOf(1))
  })
})

describe('A log that is mostly dead', () => {
  const limits = { rewriteAboveBytes: 4000, rewriteSliceBytes: 30, readChunkBytes: 64 }

  /** Commits the same keys over and over until `until` says so. */
  async function overwrite(state: TaskState, until: (number: number) => boolean): Promise<number> {
    for (let number = 1; ; number++) {
      await state.commit(batchOf(['s', `k${number % 7}`, `v${number}`], ['t', 'k', `${number}`]), markerOf(number))
      if (until(number)) return number
    }
  }

  it('is written anew in slices and is the same state; commits go on in the new file', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = await open(fileSystem, { limits })
    const kinds: string[] = []
    let largest = 0
    fileSystem.gate = ({ kind, path, bytes }) => {
      if (path === newPath) kinds.push(kind)
      if (path === newPath && kind === 'append') largest = Math.max(largest, bytes)
      return Promise.resolve()
    }
    const last = await overwrite(state, () => kinds.includes('rename'))
    expect(kinds.filter((kind) => kind === 'append').length).toBeGreaterThan(3)
    expect(kinds.slice(-2)).toEqual(['sync', 'rename'])
    expect(largest).toBeLessThan(300)
    expect(fileSystem.peek(logPath)?.byteLength).toBeLessThan(1000)
    const contents = contentsOf(state, ['s', 't'])
    await state.commit(batchOf(['s', 'after', '1']), markerOf(last + 1))
    await state.close()
    const again = await open(fileSystem, { limits })
    expect([again.damage, again.marker]).toEqual([undefined, markerOf(last + 1)])
    expect(contentsOf(again, ['s', 't'])).toEqual({ ...contents, 's/after': '1' })
    expect(await fileSystem.list(directory)).toEqual(['state.log'])
  })

  it('is left alone while most of it lives', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = await open(fileSystem, { limits })
    for (let i = 0; i < 100; i++) await state.commit(batchOf(['s', `k${i}`, 'v'.repeat(200)]), markerOf(i))
    fileSystem.gate = ({ path }) => (path === newPath ? Promise.reject(new Error('written anew')) : Promise.resolve())
    expect(fileSystem.peek(logPath)?.byteLength).toBeGreaterThan(5 * limits.rewriteAboveBytes)
    expect(await fileSystem.list(directory)).toEqual(['state.log'])
  })

  it('keeps growing while it cannot be written anew, says so, and tries again later', async () => {
    const warnings: string[] = []
    const logger: Logger = { ...silentLogger, warn: (_facts, message) => void warnings.push(message) }
    const fileSystem = new MemoryFileSystem()
    const state = await open(fileSystem, { limits, logger })
    const logBytes = (): number => fileSystem.peek(logPath)?.byteLength ?? 0
    const isSlice = { matches: ({ kind, path }: DiskOperation) => kind === 'append' && path === newPath }
    fileSystem.fail('ENOSPC', { ...isSlice, times: 2 })
    const last = await overwrite(state, (number) => logBytes() > 11_000 || number > 1000)
    // At 4,000 bytes and at 8,000.
    expect(warnings).toEqual(Array(2).fill('the state log could not be written anew, and keeps growing until it can'))
    expect(logBytes()).toBeGreaterThan(11_000)
    expect(await fileSystem.list(directory)).toEqual(['state.log'])
    expect(state.marker).toEqual(markerOf(last))
    await overwrite(state, (number) => logBytes() < 2000 || number > 1000)
    expect(warnings).toHaveLength(2)
    expect(logBytes()).toBeLessThan(2000)
  })

  it('is not waited for when the state is closed', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = await open(fileSystem, { limits })
    const reached = deferred()
    const goOn = deferred()
    let slices = 0
    fileSystem.gate = async ({ kind, path }) => {
      if (path !== newPath || kind !== 'append') return
      if (++slices !== 2) return
      reached.resolve()
      await goOn.promise
    }
    const committing = overwrite(state, () => slices > 0)
    await reached.promise
    let isClosed = false
    const closing = state.close().then(() => (isClosed = true))
    await settled()
    expect(isClosed).toBe(false)
    goOn.resolve()
    const last = await committing
    await closing
    expect(slices).toBe(2)
    expect(await fileSystem.list(directory)).toEqual(['state.log'])
    expect((await open(fileSystem)).marker).toEqual(markerOf(last))
  })

  it('is put aside where it was written anew and then lost its end', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = await open(fileSystem, { limits })
    let renamed = false
    fileSystem.gate = ({ kind }) => Promise.resolve(void (renamed ||= kind === 'rename'))
    await overwrite(state, () => renamed)
    await state.close()
    const bytes = fileSystem.peek(logPath) as Buffer
    for (const kept of [Math.floor(bytes.byteLength / 2), bytes.byteLength - 1]) {
      fileSystem.poke(logPath, bytes.subarray(0, kept))
      const again = await open(fileSystem, { limits })
      expect(again.damage).toMatch(/written anew ends at byte \d+ without its marker/)
      expect(contentsOf(again, ['s', 't'])).toEqual({})
      await again.close()
    }
  })

  it('leaves nothing of a rewrite behind that a crash interrupted', async () => {
    const fileSystem = new MemoryFileSystem()
    fileSystem.poke(newPath, Buffer.from('half of a state'))
    await open(fileSystem)
    expect(await fileSystem.list(directory)).toEqual(['state.log'])
  })
})

describe('A large state log', () => {
  it('is read in small pieces', async () => {
    const fileSystem = new MemoryFileSystem()
    const state = await open(fileSystem)
    const value = Buffer.alloc(1000, 'v')
    for (let n = 0; n < 20; n++) {
      const batch: Batch = {
        forEach: (visit) => {
          for (let i = 0; i < 100; i++) visit('s', Buffer.from(`${n}-${i}`), value)
        },
      }
      await state.commit(batch, markerOf(n))
    }
    await state.close()
    let largest = 0
    fileSystem.gate = ({ kind, bytes }) =>
      Promise.resolve(void (largest = kind === 'read' ? Math.max(largest, bytes) : largest))
    const again = await open(fileSystem, { limits: { readChunkBytes: 4096 } })
    expect(again.keyspace('s').size).toBe(2000)
    // One frame of a commit.
    expect(largest).toBeLessThan(110_000)
    expect(fileSystem.peek(logPath)?.byteLength).toBeGreaterThan(2_000_000)
  })
})
