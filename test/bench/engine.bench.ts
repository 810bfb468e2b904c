/**
 * What the engine itself costs per record: a task with a sink that only counts, fed from record sets in memory. Without
 * Kafka, without a driver. Two jobs: filter + mapValues + to; count over 10,000 keys with a commit every 10,000 records.
 *
 *     node test/bench/engine.bench.ts [records]
 */
import type { RecordCursor, RecordSet } from '../../src/processor/record-set.ts'
import type { RecordSink } from '../../src/processor/record-sink.ts'
import { noHeaders } from '../../src/common/headers.ts'
import { systemClock } from '../../src/common/clock.ts'
import { silentLogger } from '../../src/common/logger.ts'
import { MetricsRegistry } from '../../src/common/metrics.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { timestampExtractors } from '../../src/processor/timestamp-extractors.ts'
import { StreamTask } from '../../src/runtime/task/stream-task.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { MemoryEngine } from '../../src/state/memory-engine.ts'
import { emptyMarker } from '../../src/state/state-engine.ts'

const records = Number(process.argv[2] ?? 3_000_000)
const setSize = 10_000
const keys = 10_000
const rounds = 3

/** Records of a 10-byte key and an 80-byte value, one after the other in one buffer, as a fetch leaves them. */
class BenchSet implements RecordSet, RecordCursor {
  readonly topic = 'in'
  readonly partition = 0
  readonly recordCount = setSize
  readonly byteLength: number
  readonly highWatermark = -1
  readonly buffer: Buffer
  readonly #firstOffset: number
  #index = -1
  offset = 0
  timestamp = 0
  keyStart = 0
  readonly keyLength = 10
  valueStart = 0
  readonly valueLength = 80

  constructor(buffer: Buffer, firstOffset: number) {
    this.buffer = buffer
    this.byteLength = buffer.byteLength
    this.#firstOffset = firstOffset
  }

  get nextOffset(): number {
    return this.#firstOffset + setSize
  }

  headers(): typeof noHeaders {
    return noHeaders
  }

  cursor(): this {
    return this
  }

  next(): boolean {
    if (++this.#index >= setSize) return false
    this.offset = this.#firstOffset + this.#index
    this.timestamp = 1_700_000_000_000 + this.offset
    this.keyStart = this.#index * 90
    this.valueStart = this.keyStart + 10
    return true
  }
}

function buffers(): Buffer[] {
  let seed = 42
  const random = (): number => {
    seed ^= seed << 13
    seed ^= seed >>> 17
    seed ^= seed << 5
    return seed >>> 0
  }
  return Array.from({ length: 20 }, () => {
    const buffer = Buffer.alloc(setSize * 90, 'v')
    for (let i = 0; i < setSize; i++) buffer.write(`key-${String(random() % keys).padStart(6, '0')}`, i * 90)
    return buffer
  })
}

class CountingSink implements RecordSink {
  records = 0
  bytes = 0

  partitionCount(): number {
    return 1
  }

  whenKnown(_topic: string, _bytes: number, write: (missing: Error | undefined) => void): void {
    write(undefined)
  }

  append(_topic: string, _partition: number, key: Uint8Array | null, value: Uint8Array | null): void {
    this.records++
    this.bytes += (key?.byteLength ?? 0) + (value?.byteLength ?? 0)
  }
}

const jobs: Readonly<Record<string, (builder: StreamsBuilder) => void>> = {
  'filter, mapValues, to': (b) =>
    b
      .stream('in', { key: serdes.string, value: serdes.string })
      .filter((value) => value.length > 0)
      .mapValues((value) => value.toUpperCase())
      .to('out', { key: serdes.string, value: serdes.string }),
  count: (b) =>
    b
      .stream('in', { key: serdes.string, value: serdes.string })
      .groupByKey()
      .count({ store: 'counts' })
      .toStream()
      .to('out'),
  'count, uncached': (b) =>
    b
      .stream('in', { key: serdes.string, value: serdes.string })
      .groupByKey()
      .count({ store: 'counts', caching: false })
      .toStream()
      .to('out'),
}

function run(define: (builder: StreamsBuilder) => void, data: readonly Buffer[]): { us: number; written: number } {
  const builder = new StreamsBuilder()
  define(builder)
  const [topology] = builder.build().compile().subTopologies
  const sink = new CountingSink()
  const task = new StreamTask({
    taskId: '0_0',
    partition: 0,
    applicationId: 'bench',
    topology: topology as NonNullable<typeof topology>,
    repartitionTopics: new Set(),
    topicName: (name) => `bench-${name}`,
    inputTopics: new Map([['KSTREAM-SOURCE-0000000000', ['in']]]),
    sink,
    state: new MemoryEngine().openNow('0_0'),
    config: {
      maxTaskIdleMs: 0,
      compatibility: 'none',
      processingGuarantee: 'exactly_once',
      emitIntervalMs: 0,
      cacheMaxBytes: 10 * 1024 * 1024,
      uncommittedMaxBytes: 64 * 1024 * 1024,
      timestampExtractor: timestampExtractors.failOnInvalid,
      onDeserializationError: 'fail',
      onProcessingError: 'fail',
      onProductionError: 'fail',
    },
    clock: systemClock,
    metrics: new MetricsRegistry(),
    logger: silentLogger,
  })
  task.initialize()
  const from = process.cpuUsage()
  for (let offset = 0, i = 0; offset < records; offset += setSize, i++) {
    task.add(new BenchSet(data[i % data.length] as Buffer, offset))
    while (task.process(Infinity) > 0);
    task.flush(Infinity)
    task.commitEngineNow(task.freeze(), emptyMarker)
  }
  const { user, system } = process.cpuUsage(from)
  return { us: (user + system) / records, written: sink.records }
}

const data = buffers()
console.log(`node ${process.version}, ${records} records per round, CPU µs per record`)
for (const [name, define] of Object.entries(jobs)) {
  const results = Array.from({ length: rounds }, () => run(define, data))
  const figures = results.map(({ us }) => us.toFixed(3)).join('  ')
  console.log(`${name.padEnd(24)} ${figures}   (${results[0]?.written} records written)`)
}
