import { describe, expect, it } from 'vitest'
import { LogEngine } from '../../../src/state/log-engine.ts'
import { emptyBatch, emptyMarker, type Batch, type Marker } from '../../../src/state/state-engine.ts'
import { MemoryFileSystem } from '../../support/memory-file-system.ts'
import { storeConformance } from '../../support/store-conformance.ts'

const directory = '/state/app/0/0_0'
const logPath = `${directory}/state.log`

storeConformance(() => new LogEngine({ fileSystem: new MemoryFileSystem() }).open('0_0', directory))

function batchOf(...changes: readonly (readonly [keyspace: string, key: string, value: string | null])[]): Batch {
  return {
    forEach: (visit) => {
      for (const [keyspace, key, value] of changes) {
        visit(keyspace, Buffer.from(key), value === null ? null : Buffer.from(value))
      }
    },
  }
}

function marker(number: number): Marker {
  return { ...emptyMarker, changelog: { 'c-0': number }, committedAtMs: number }
}

describe('The engine with a log', () => {
  it('has after it was closed and opened what was committed, deleted and cleared', async () => {
    const fileSystem = new MemoryFileSystem()
    const engine = new LogEngine({ fileSystem })
    const state = await engine.open('0_0', directory)
    expect(state.marker).toBeUndefined()
    await state.commit(batchOf(['s', 'a', '1'], ['t', 'a', '2'], ['s', 'b', '3'], ['u', '', '']), marker(1))
    await state.commit(batchOf(['s', 'b', null], ['s', 'a', '22']), marker(2))
    await state.clear('t', marker(3))
    await state.commit(emptyBatch, marker(4))
    await state.close()
    const again = await engine.open('0_0', directory)
    expect(again.damage).toBeUndefined()
    expect(again.marker).toEqual(marker(4))
    expect(again.keyspace('s').get(Buffer.from('a'))?.toString()).toBe('22')
    expect([again.keyspace('s').size, again.keyspace('t').size, again.keyspace('u').size]).toEqual([1, 0, 1])
    expect(fileSystem.peek(logPath)?.byteLength).toBeGreaterThan(100)
  })
})
