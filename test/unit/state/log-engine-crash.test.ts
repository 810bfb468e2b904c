import { describe, expect, it } from 'vitest'
import { deferred } from '../../../src/common/deferred.ts'
import { DiskError } from '../../../src/errors/disk-error.ts'
import { LogEngine } from '../../../src/state/log-engine.ts'
import type { TaskState } from '../../../src/state/state-engine.ts'
import { SeededRandom } from '../../simulation/seeded-random.ts'
import { MemoryFileSystem, type DiskOperation } from '../../support/memory-file-system.ts'
import { StateHistory } from '../../support/state-history.ts'
import { markerOf } from '../../support/task-state.ts'

const directory = '/state/0_0'
const logPath = `${directory}/state.log`
/** Small, so that every run comes by everything. */
const limits = { rewriteAboveBytes: 1500, rewriteAboveRatio: 2, rewriteSliceBytes: 120, readChunkBytes: 200 }

function open(fileSystem: MemoryFileSystem): Promise<TaskState> {
  return new LogEngine({ fileSystem, limits }).open('0_0', directory)
}

/** Runs `work` until the operation that `crashesAt` picks is under way, and then no further; false where it ended. */
async function runUntilCrash(
  fileSystem: MemoryFileSystem,
  crashesAt: (operation: DiskOperation) => boolean,
  work: () => Promise<void>,
): Promise<boolean> {
  const crashed = deferred<boolean>()
  fileSystem.gate = async (operation) => {
    if (!crashesAt(operation)) return
    crashed.resolve(true)
    await new Promise(() => undefined)
  }
  const result = await Promise.race([crashed.promise, work().then(() => false)])
  fileSystem.gate = undefined
  return result
}

/** A failure of the disk is the commit's; anything else is the test's. */
async function tryCommit(history: StateHistory, state: TaskState): Promise<void> {
  try {
    await history.commit(state)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
}

describe('A state log after crashes', () => {
  it.each([
    ['of the process', 'crash'],
    ['of the power', 'powerCut'],
  ] as const)('is what some commit left, after failures %s at any operation of a failing disk', async (_name, end) => {
    for (let seed = 0; seed < 100; seed++) {
      const random = new SeededRandom(seed, 'crash')
      const history = new StateHistory(random)
      let fileSystem = new MemoryFileSystem()
      for (let life = 0; life < 6; life++) {
        const lastOperation = fileSystem.operations + random.between(1, 120)
        if (random.chance(0.3)) fileSystem.fail('EIO', { matches: () => random.chance(0.05), times: 3, share: 0.7 })
        if (random.chance(0.3)) fileSystem.capacityBytes = fileSystem.usedBytes + random.below(1500)
        let opened = false
        await runUntilCrash(
          fileSystem,
          ({ index }) => index >= lastOperation,
          async () => {
            const state = await openOrFail(fileSystem)
            if (state === undefined) return
            if (!opened) history.check(state, end === 'crash' ? history.resolved : 0)
            opened = true
            for (;;) await tryCommit(history, state)
          },
        )
        fileSystem = fileSystem[end](random)
        fileSystem.capacityBytes = Infinity
      }
      const state = await open(fileSystem)
      expect(state.damage).toBeUndefined()
      history.check(state, end === 'crash' ? history.resolved : 0)
      await state.close()
    }
  })

  /** The same commits each time; the number of the one that writes the log anew, and the operations in it. */
  async function commitUntilRewrite(
    fileSystem: MemoryFileSystem,
    seed: number,
    onOperation: (operation: DiskOperation, inRewrite: boolean) => Promise<void>,
  ): Promise<{ readonly history: StateHistory; readonly work: () => Promise<TaskState> }> {
    const history = new StateHistory(new SeededRandom(seed, 'rewrite'))
    const state = await open(fileSystem)
    const seen = { rewrite: false, rename: false }
    fileSystem.gate = async (operation) => {
      seen.rewrite ||= operation.path.endsWith('.new')
      seen.rename ||= operation.kind === 'rename'
      await onOperation(operation, seen.rewrite)
    }
    const work = async (): Promise<TaskState> => {
      while (!seen.rename) await history.commit(state)
      return state
    }
    return { history, work }
  }

  it('is whole after a crash at each operation of a rewrite', async () => {
    let crashes = 0
    for (let seed = 0; seed < 3; seed++) {
      for (let at = 0; ; at++) {
        let isLast = true
        for (const chance of [0, 0.3, 0.5, 0.7, 0.99]) {
          const fileSystem = new MemoryFileSystem()
          const crashed = deferred<'crashed'>()
          let count = 0
          const { history, work } = await commitUntilRewrite(fileSystem, seed, async (_operation, inRewrite) => {
            if (!inRewrite || count++ !== at) return
            crashed.resolve('crashed')
            await new Promise(() => undefined)
          })
          if ((await Promise.race([crashed.promise, work()])) !== 'crashed') continue
          isLast = false
          crashes++
          const [begun, resolved] = [history.number, history.resolved]
          const next = fileSystem.crash({ next: () => chance, uuid: () => '' })
          next.gate = undefined
          const state = await open(next)
          expect([state.damage, resolved]).toEqual([undefined, begun - 1])
          // Its own frame was in the old log before the rewrite began.
          expect(history.expectBoundary(state)).toBe(begun)
          expect(await next.list(directory)).toEqual(['state.log'])
        }
        if (isLast) break
      }
    }
    expect(crashes).toBeGreaterThan(100)
  })

  it('takes its commit when any operation of a rewrite fails', async () => {
    let failures = 0
    for (let at = 0; ; at++) {
      const fileSystem = new MemoryFileSystem()
      let [count, failed] = [0, false]
      const { history, work } = await commitUntilRewrite(fileSystem, 7, (_operation, inRewrite) => {
        if (!inRewrite || count++ !== at) return Promise.resolve()
        failed = true
        return Promise.reject(Object.assign(new Error('EIO: it failed'), { code: 'EIO' }))
      })
      const state = await work()
      fileSystem.gate = undefined
      for (let i = 0; i < 5; i++) await history.commit(state)
      const again = await open(fileSystem.crash())
      expect([again.damage, history.expectBoundary(again)]).toEqual([undefined, history.number])
      if (!failed) break
      failures++
    }
    expect(failures).toBeGreaterThan(6)
  })

  it('survives a power cut right after a rewrite: what took the place of the old file is on the disk', async () => {
    for (let seed = 0; seed < 50; seed++) {
      const fileSystem = new MemoryFileSystem()
      const { history, work } = await commitUntilRewrite(fileSystem, seed, () => Promise.resolve())
      await work()
      const next = fileSystem.powerCut(new SeededRandom(seed, 'power'))
      next.gate = undefined
      const state = await open(next)
      expect([state.damage, history.expectBoundary(state)]).toEqual([undefined, history.number])
    }
  })
})

describe('A damaged state log', () => {
  /** One that was written anew once, and has commits behind that. */
  async function goodLog(): Promise<{ readonly history: StateHistory; readonly bytes: Buffer }> {
    const fileSystem = new MemoryFileSystem()
    const history = new StateHistory(new SeededRandom(1, 'damage'))
    const state = await open(fileSystem)
    const seen = new Set<string>()
    fileSystem.gate = ({ kind }) => Promise.resolve(void seen.add(kind))
    while (!seen.has('rename')) await history.commit(state)
    for (let i = 0; i < 10; i++) await history.commit(state)
    await state.close()
    return { history, bytes: fileSystem.peek(logPath) as Buffer }
  }

  it('opens with what some commit left, never with anything else, whatever byte is changed or missing', async () => {
    const { history, bytes } = await goodLog()
    const random = new SeededRandom(2, 'damage')
    const seen = { whole: 0, earlier: 0, aside: 0 }
    for (let i = 0; i < 1000; i++) {
      const damaged = Buffer.from(bytes)
      const at = random.below(bytes.byteLength)
      const isFlip = random.chance(0.7)
      if (isFlip) damaged[at] = (damaged[at] ?? 0) ^ random.between(1, 255)
      const fileSystem = new MemoryFileSystem()
      fileSystem.poke(logPath, isFlip ? damaged : damaged.subarray(0, at))
      const state = await open(fileSystem)
      const number = history.expectBoundary(state)
      const aside = fileSystem.peek(`${logPath}.damaged-1`)
      if (isFlip) expect(state.damage).toBeDefined()
      if (aside !== undefined) {
        expect([number, state.damage]).toEqual([0, expect.stringContaining('damaged-1')])
        expect(aside.equals(isFlip ? damaged : damaged.subarray(0, at))).toBe(true)
      }
      seen[aside !== undefined ? 'aside' : number === history.number ? 'whole' : 'earlier']++
      // It can be worked with.
      await state.clear('s', markerOf(9999))
      await state.close()
      const again = await open(fileSystem)
      expect([again.damage, again.marker]).toEqual([undefined, markerOf(9999)])
    }
    expect(seen.whole).toBe(0)
    expect(Math.min(seen.earlier, seen.aside)).toBeGreaterThan(100)
  })
})

async function openOrFail(fileSystem: MemoryFileSystem): Promise<TaskState | undefined> {
  try {
    return await open(fileSystem)
  } catch (error) {
    if (error instanceof DiskError) return undefined
    throw error
  }
}
