/**
 * What one record of 100 bytes costs to encode and to decode, and what a checksum costs.
 *
 *     node test/bench/records.bench.ts
 */
import { noHeaders } from '../../src/common/headers.ts'
import { crc32c } from '../../src/common/crc32c.ts'
import { BatchBuilder } from '../../src/kafka/records/batch-builder.ts'
import { stampBatch } from '../../src/kafka/records/batch-stamp.ts'
import type { Compression } from '../../src/kafka/records/compression.ts'
import { readBatches } from '../../src/kafka/records/record-batch.ts'
import { RecordsCursor } from '../../src/kafka/records/records-cursor.ts'

const rounds = 9
const recordsPerBatch = 5_000
const batchesPerRound = 100
const recordCount = recordsPerBatch * batchesPerRound
const stamp = { producerId: 1, producerEpoch: 0, baseSequence: 0, transactional: true }

const keys = Array.from({ length: recordsPerBatch }, (_, index) => Buffer.from(`key-${index}`.padEnd(16, '0')))
const values = Array.from({ length: recordsPerBatch }, (_, index) =>
  Buffer.from(
    JSON.stringify({ id: index, name: `customer ${index * 7}`, city: 'Zürich', amount: index * 1.5 }).padEnd(100),
  ),
)

function fill(builder: BatchBuilder): void {
  for (let index = 0; index < recordsPerBatch; index++) {
    builder.append(1_700_000_000_000 + index, keys[index] ?? null, values[index] ?? null, noHeaders)
  }
}

function encode(builder: BatchBuilder, compression: Compression): Buffer {
  fill(builder)
  const batch = builder.seal(compression)
  stampBatch(batch, stamp)
  return batch
}

let sink = 0

function scan(batch: Buffer, checkCrc: boolean): void {
  const cursor = new RecordsCursor(readBatches(batch, { checkCrc }))
  while (cursor.next()) sink += cursor.offset + cursor.valueLength
}

function text(batch: Buffer): void {
  const cursor = new RecordsCursor(readBatches(batch))
  while (cursor.next()) {
    sink += cursor.buffer.toString('latin1', cursor.keyStart, cursor.keyStart + cursor.keyLength).length
  }
}

function measure(name: string, count: number, unit: string, run: () => void): void {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(start)
    times.push(((user + system) * 1000) / count)
  }
  const sorted = times.slice(2).toSorted((one, two) => one - two)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  process.stdout.write(
    `${name.padEnd(34)} ${median.toFixed(0).padStart(8)} ns/${unit} (${sorted[0]?.toFixed(0)} to ${sorted.at(-1)?.toFixed(0)})\n`,
  )
}

function repeat(run: () => void): () => void {
  return () => {
    for (let index = 0; index < batchesPerRound; index++) run()
  }
}

const builder = new BatchBuilder()
measure(
  'append only',
  recordCount,
  'record',
  repeat(() => (fill(builder), builder.reset())),
)
for (const compression of ['none', 'lz4', 'snappy', 'zstd', 'gzip'] as const) {
  const batch = encode(builder, compression)
  const times = compression === 'gzip' ? 10 : batchesPerRound
  const some = (run: () => void) => () => {
    for (let index = 0; index < times; index++) run()
  }
  measure(
    `encode and checksum, ${compression}`,
    recordsPerBatch * times,
    'record',
    some(() => encode(builder, compression)),
  )
  measure(
    `scan and checksum, ${compression}`,
    recordsPerBatch * times,
    'record',
    some(() => scan(batch, true)),
  )
}
const batch = encode(builder, 'none')
measure(
  'scan without checksum, none',
  recordCount,
  'record',
  repeat(() => scan(batch, false)),
)
measure(
  'scan, checksum, key as string, none',
  recordCount,
  'record',
  repeat(() => text(batch)),
)
for (const size of [100, 1_000, 10_000, 100_000, 1_000_000]) {
  const data = Buffer.alloc(size, 'abcdefghij')
  const count = Math.floor(200_000_000 / size)
  measure(`crc32c of ${size} bytes`, count, 'call', () => {
    for (let index = 0; index < count; index++) sink += crc32c(data)
  })
}
process.stdout.write(`(${sink > 0 ? 'done' : ''})\n`)
