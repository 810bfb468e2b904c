import { describe, expect, it } from 'vitest'
import { stampBatch } from '../../../../src/kafka/records/batch-stamp.ts'
import type { AbortedTransaction } from '../../../../src/kafka/records/committed-batches.ts'
import { FetchedRecordSet } from '../../../../src/kafka/records/fetched-record-set.ts'
import { readBatches } from '../../../../src/kafka/records/record-batch.ts'
import { retainRecords } from '../../../../src/kafka/records/retain-records.ts'
import { batchOf, marker, plainRecord, readAll } from '../../../support/batches.ts'

/** A data batch with one record per letter. */
function data(letters: string, baseOffset: number, producerId?: number): Buffer {
  const records = letters.split('').map((letter) => plainRecord(letter, { key: Buffer.alloc(4) }))
  return batchOf(records, producerId === undefined ? { baseOffset } : { baseOffset, producerId })
}

function fetched(
  batches: readonly Buffer[],
  abortedTransactions: readonly AbortedTransaction[] | null,
  fetchOffset = 0,
): { readonly set: FetchedRecordSet; readonly text: string } {
  const set = new FetchedRecordSet({
    topic: 't',
    partition: 1,
    fetchOffset,
    highWatermark: 99,
    records: Buffer.concat(batches),
    readCommitted: { abortedTransactions },
  })
  return { set, text: textOf(set) }
}

function textOf(set: FetchedRecordSet): string {
  return readAll(set.cursor())
    .map((record) => record.value?.toString())
    .join('')
}

function aborted(producerId: number, firstOffset: number): AbortedTransaction {
  return { producerId, firstOffset }
}

describe('a fetch with read_committed', () => {
  it('gives committed and plain records and counts the markers', () => {
    const { set, text } = fetched([data('ab', 0), data('cd', 2, 7), marker('commit', 7, 4)], null)
    expect(text).toBe('abcd')
    expect(set).toMatchObject({ nextOffset: 5, recordCount: 4, highWatermark: 99, topic: 't', partition: 1 })
  })

  it('drops two aborted transactions of one producer', () => {
    const batches = [data('ab', 0, 7), marker('abort', 7, 2), data('cd', 3, 7), marker('abort', 7, 5), data('e', 6, 7)]
    expect(fetched([...batches, marker('commit', 7, 7)], [aborted(7, 0), aborted(7, 3)]).text).toBe('e')
  })

  it('drops an aborted transaction and gives the committed one that follows it, of one producer', () => {
    const batches = [data('ab', 0, 7), marker('abort', 7, 2), data('cd', 3, 7), marker('commit', 7, 5)]
    expect(fetched(batches, [aborted(7, 0)]).text).toBe('cd')
  })

  it('drops the records of two transactions that were open at once, also when it starts within them', () => {
    const batches = [data('ab', 0, 7), data('cd', 2, 8), data('ef', 4, 7), marker('abort', 8, 6), marker('abort', 7, 7)]
    const list = [aborted(8, 2), aborted(7, 0)]
    expect(fetched(batches, list).text).toBe('')
    const { set, text } = fetched(batches.slice(1), list, 2)
    expect([text, set.nextOffset]).toEqual(['', 8])
  })

  it('drops the records of an aborted transaction whose marker is beyond the fetch', () => {
    const { set, text } = fetched([data('ab', 0, 7), data('c', 2), data('de', 3, 7)], [aborted(7, 0)])
    expect([text, set.nextOffset]).toEqual(['c', 5])
  })

  it('starting at the abort marker keeps what comes after it', () => {
    const batches = [marker('abort', 7, 4), data('ab', 5, 7), marker('commit', 7, 7)]
    expect(fetched(batches, [aborted(7, 0)], 4).text).toBe('ab')
  })

  it('is not misled by a key of four zero bytes, which a marker has too', () => {
    const batches = [data('abc', 0, 7), data('def', 3, 7), marker('abort', 7, 6), data('g', 7)]
    expect(fetched(batches, [aborted(7, 0)]).text).toBe('g')
  })

  it('gives plain records of a producer whose transaction was aborted elsewhere', () => {
    expect(fetched([data('ab', 0), data('cd', 2, 8), marker('commit', 8, 4)], [aborted(7, 0)]).text).toBe('abcd')
  })

  it('drops an aborted transaction of one record', () => {
    expect(fetched([data('a', 0, 7), marker('abort', 7, 1)], [aborted(7, 0)]).text).toBe('')
  })

  it('ends an aborted transaction at an abort marker only, and drops transactional records only', () => {
    const idempotent = data('x', 3, 7)
    stampBatch(idempotent, { producerId: 7, producerEpoch: 0, baseSequence: 0, transactional: false })
    const batches = [data('ab', 0, 7), marker('commit', 7, 2), idempotent, data('c', 4, 7), marker('abort', 7, 5)]
    expect(fetched([...batches, data('d', 6, 7)], [aborted(7, 0)]).text).toBe('xd')
  })

  it('does not begin an aborted transaction before its first offset', () => {
    const batches = [data('ab', 0, 7), marker('commit', 7, 2), data('cd', 3, 7), marker('abort', 7, 5)]
    expect(fetched(batches, [aborted(7, 3)]).text).toBe('ab')
  })
})

describe('a fetch', () => {
  it('with read_uncommitted gives everything but control records', () => {
    const records = Buffer.concat([data('ab', 0, 7), marker('abort', 7, 2), data('c', 3)])
    const set = new FetchedRecordSet({ topic: 't', partition: 0, fetchOffset: 0, highWatermark: 4, records })
    expect([textOf(set), set.nextOffset]).toEqual(['abc', 4])
  })

  it('within a batch passes over the records before it', () => {
    const { set, text } = fetched([data('abcd', 10), data('ef', 14)], null, 12)
    expect([text, set.nextOffset]).toEqual(['cdef', 16])
    expect(fetched([data('abcd', 10), data('ef', 14)], null, 14)).toMatchObject({ text: 'ef', set: { recordCount: 2 } })
  })

  it('of a batch whose tail was compacted away goes on behind that tail', () => {
    const [batch] = readBatches(data('abcd', 10))
    if (batch === undefined) throw new Error('no batch')
    const compacted = retainRecords(batch, (record) => record.offset < 12)
    expect(fetched([compacted], null, 10)).toMatchObject({ text: 'ab', set: { nextOffset: 14 } })
    const emptied = retainRecords(batch, () => false)
    expect(fetched([emptied], null, 10)).toMatchObject({ text: '', set: { nextOffset: 14, recordCount: 0 } })
  })

  it('of a marker alone is empty and goes on behind it', () => {
    expect(fetched([marker('commit', 7, 20)], [], 20)).toMatchObject({
      text: '',
      set: { nextOffset: 21, recordCount: 0 },
    })
  })

  it('of nothing, or of less than one batch, stays where it is', () => {
    expect(fetched([], null, 20)).toMatchObject({
      text: '',
      set: { nextOffset: 20, byteLength: 0, lastLeaderEpoch: -1 },
    })
    expect(fetched([data('ab', 20).subarray(0, 70)], null, 20).set).toMatchObject({ nextOffset: 20, recordCount: 0 })
  })

  it('can be read more than once, each cursor for itself', () => {
    const { set } = fetched([data('abc', 2 ** 40)], null, 2 ** 40 + 1)
    expect([textOf(set), textOf(set)]).toEqual(['bc', 'bc'])
    expect(set.nextOffset).toBe(2 ** 40 + 3)
  })

  it('tells the leader epoch of its last batch', () => {
    const batch = data('a', 0)
    batch.writeInt32BE(6, 12)
    expect(fetched([data('z', 0), batch], null).set.lastLeaderEpoch).toBe(6)
  })

  it('of a batch that decompresses to more than its bound is a named error', () => {
    const records = batchOf([plainRecord('x'.repeat(100_000))], { compression: 'zstd' })
    const options = { topic: 't', partition: 0, fetchOffset: 0, highWatermark: 1, records, maxBatchBytes: 50_000 }
    expect(() => new FetchedRecordSet(options).cursor().next()).toThrow(/decompress \(zstd\) to more than the bound/)
  })
})
