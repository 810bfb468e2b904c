import { describe, expect, it } from 'vitest'
import { GroupOffsets, type CommittedOffset } from '../../../../src/kafka/broker/group-offsets.ts'

describe('GroupOffsets', () => {
  it('keep a transaction’s offsets apart until it is decided', () => {
    const offsets = new GroupOffsets()
    offsets.commitPending(1, at(5))
    offsets.commitPending(2, at(6))
    expect([offsets.get('t', 0), offsets.isPending('t', 0), offsets.isPending('t', 1)]).toEqual([
      undefined,
      true,
      false,
    ])
    offsets.complete(1, false)
    expect([offsets.get('t', 0), offsets.isPending('t', 0)]).toEqual([undefined, true])
    offsets.complete(2, true)
    expect([offsets.get('t', 0)?.offset, offsets.isPending('t', 0)]).toEqual([6, false])
  })

  it('are not taken back by a transaction that wrote before a later commit', () => {
    const offsets = new GroupOffsets()
    offsets.commitPending(1, at(5))
    offsets.commit(at(9))
    offsets.complete(1, true)
    expect(offsets.get('t', 0)?.offset).toBe(9)
  })

  it('go with their topic, also the pending ones', () => {
    const offsets = new GroupOffsets()
    offsets.commit(at(5))
    offsets.commitPending(1, at(6))
    offsets.deleteTopic('t')
    offsets.complete(1, true)
    expect(offsets.get('t', 0)).toBeUndefined()
    expect(offsets.isEmpty).toBe(true)
  })
})

function at(offset: number): CommittedOffset {
  return { topic: 't', partition: 0, offset, leaderEpoch: -1, metadata: '', committedAtMs: 0 }
}
