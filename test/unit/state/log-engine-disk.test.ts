import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../../src/common/node-file-system.ts'
import { LogEngine } from '../../../src/state/log-engine.ts'
import type { Batch } from '../../../src/state/state-engine.ts'
import { Child } from '../../support/child-process.ts'
import { batchOf, contentsOf, markerOf } from '../../support/task-state.ts'

let root = ''

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'millrace-state-'))
})

afterAll(async () => {
  await rm(root, { recursive: true, force: true })
})

describe('A state log on a real disk', () => {
  it('has what was committed when it is opened again, also after it was written anew', async () => {
    const directory = path.join(root, 'again/0_0')
    const engine = new LogEngine({ fileSystem: nodeFileSystem, limits: { rewriteAboveBytes: 10_000 } })
    const state = await engine.open('0_0', directory)
    let largest = 0
    for (let number = 1; number <= 200; number++) {
      await state.commit(batchOf(['s', `k${number % 9}`, `${number}`], ['t', `k${number}`, null]), markerOf(number))
      largest = Math.max(largest, (await stat(path.join(directory, 'state.log'))).size)
    }
    const contents = contentsOf(state, ['s', 't'])
    await state.close()
    expect(largest).toBeLessThan(10_500)
    const again = await engine.open('0_0', directory)
    expect([again.damage, again.marker]).toEqual([undefined, markerOf(200)])
    expect(contentsOf(again, ['s', 't'])).toEqual(contents)
    expect(Object.keys(contents)).toHaveLength(9)
    await again.close()
    expect(await readdir(directory)).toEqual(['state.log'])
  })

  it('is read back when it is larger than what is read at once, many times over', async () => {
    const directory = path.join(root, 'large/0_0')
    const engine = new LogEngine({ fileSystem: nodeFileSystem })
    const state = await engine.open('0_0', directory)
    const valueOf = (n: number): Buffer => Buffer.alloc(1000, `${n}`)
    for (let number = 0; number < 20; number++) {
      const batch: Batch = {
        forEach: (visit) => {
          for (let n = number * 1000; n < (number + 1) * 1000; n++) visit('s', Buffer.from(`${n}`), valueOf(n))
        },
      }
      await state.commit(batch, markerOf(number))
    }
    await state.close()
    expect((await stat(path.join(directory, 'state.log'))).size).toBeGreaterThan(20_000_000)
    const again = await engine.open('0_0', directory)
    const keyspace = again.keyspace('s')
    expect([again.marker, keyspace.size]).toEqual([markerOf(19), 20_000])
    const wrong = Array.from({ length: 20_000 }, (_, n) => n).filter(
      (n) => Buffer.compare(keyspace.get(Buffer.from(`${n}`)) ?? Buffer.alloc(0), valueOf(n)) !== 0,
    )
    expect(wrong).toEqual([])
    await again.close()
  })

  it('has every commit that was resolved before the process was killed, and all of it', async () => {
    const directory = path.join(root, 'killed/0_0')
    let reached = 0
    for (let life = 0; life < 4; life++) {
      await using child = Child.script('test/support/log-writer.ts', [directory])
      await child.prints(`${reached + 150 + life * 37}.\n`)
      child.kill('SIGKILL')
      const { stdout } = await child.finished
      const resolved = Number(stdout.slice(0, stdout.lastIndexOf('.')).split('.\n').at(-1))
      const state = await new LogEngine({ fileSystem: nodeFileSystem }).open('0_0', directory)
      reached = state.marker?.committedAtMs ?? 0
      expect(state.damage).toBeUndefined()
      expect(reached).toBeGreaterThanOrEqual(resolved)
      expect(contentsOf(state, ['s', 't'])).toEqual(contentsAfter(reached))
      await state.close()
    }
  }, 60_000)
})

/** What `log-writer.ts` has written with commit `last`. */
function contentsAfter(last: number): Record<string, string> {
  const contents: Record<string, string> = { 't/last': `${last}` }
  for (let number = last; number > Math.max(0, last - 50); number--) {
    contents[`s/k${number % 50}`] = `${number}`.repeat(20)
  }
  return contents
}
