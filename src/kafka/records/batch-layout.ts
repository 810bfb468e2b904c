/**
 * Where the fields of a record batch v2 are (KIP-98; Java's DefaultRecordBatch). The crc covers everything from the
 * attributes on, so base offset and leader epoch can be assigned by a broker without computing it anew.
 */
export const batchLayout = {
  baseOffset: 0,
  length: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  /** The header's size. */
  records: 61,
} as const

/** Base offset and length, which `length` does not count. */
export const batchPrefixBytes = 12

export const batchAttributes = {
  compressionMask: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  /** Set by compaction: the base timestamp is then the time when tombstones and markers may go (KIP-534). */
  deleteHorizon: 0x40,
} as const

export const noProducerId = -1
export const noProducerEpoch = -1
export const noSequence = -1

/** Sequences wrap from 2^31 - 1 to 0 (Java's DefaultRecordBatch.incrementSequence). */
export function incrementSequence(sequence: number, by: number): number {
  return (sequence + by) % 0x8000_0000
}

export function readInt64(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * 0x1_0000_0000 + buffer.readUInt32BE(at + 4)
}

export function writeInt64(buffer: Buffer, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000)
  buffer.writeInt32BE(high, at)
  buffer.writeUInt32BE(value - high * 0x1_0000_0000, at + 4)
}
