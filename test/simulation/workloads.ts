/**
 * The applications that are simulated. Every one counts words, so that what is right is known without running it:
 * the outputs of a word are 1, 2, 3 … in that order, some of them left out where a cache has merged them.
 */
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { Processor } from '../../src/processor/processor.ts'
import type { ProcessorContext } from '../../src/processor/processor-context.ts'
import type { KeyValueStore } from '../../src/processor/state-store.ts'
import type { StreamRecord } from '../../src/processor/record.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { stores } from '../../src/state/stores.ts'
import type { Topology } from '../../src/topology/topology.ts'
import type { LogRecord } from './log-model.ts'

export const applicationId = 'app'

export const words: readonly string[] = ['ash', 'beech', 'cedar', 'elm', 'fir', 'hazel', 'larch', 'maple', 'oak', 'yew']

/** Where its records are, in an application whose input has words as keys. */
export function partitionOfWord(word: string, partitions: number): number {
  return words.indexOf(word) % partitions
}

export interface Workload {
  readonly name: string
  readonly build: () => Topology
  /** How many words a record may have. */
  readonly wordsPerRecord: readonly number[]
  /** Where the counts of words are told, and what the state is kept in. */
  readonly countTopic: string
  readonly changelog: string
  /** Topics between sub-topologies, which are to be read to their end, too. */
  readonly repartitionTopics: readonly string[]
  /** Default: one more than there are such topics. */
  readonly subTopologies?: number
  /** Default: records have the time of the clock. */
  readonly times?: RecordTimes
  /** The input as it came, in the order of each key. */
  readonly copyTopic?: string
  /** Where else it writes, and what must be right there when a run is over. */
  readonly more?: {
    readonly topics: readonly string[]
    readonly check: (logs: Logs, exact: boolean) => readonly string[]
  }
}

/** Times of records that are not those of the clock. */
export interface RecordTimes {
  /** How much older than others they may be. */
  readonly agesMs: readonly number[]
  /** How much faster they pass: the segments of window stores are a minute long, and a run is shorter. */
  readonly speed: number
}

/** What was written and committed. */
export interface Logs {
  /** Partition by partition. */
  read(topic: string): readonly LogRecord[]
  partitions(topic: string): readonly (readonly LogRecord[])[]
}

/** Two sub-topologies with a repartition topic between them: a word passes through two tasks. */
export const wordCount: Workload = {
  name: 'word count',
  wordsPerRecord: [1, 1, 2, 3],
  countTopic: 'out',
  changelog: `${applicationId}-counts-changelog`,
  repartitionTopics: [`${applicationId}-counts-repartition`],
  build: () => {
    const builder = new StreamsBuilder()
    builder
      .stream('in', { key: serdes.string, value: serdes.string })
      .flatMapValues((line) => line.split(' '))
      .groupBy((word) => word, { key: serdes.string, value: serdes.string })
      .count({ store: 'counts' })
      .toStream()
      .to('out', { key: serdes.string, value: serdes.int64 })
    return builder.build()
  },
}

/**
 * Counts in a field that `init` fills from the store: after a rollback it is right only when there is a new processor.
 * Beside it a stateless copy of the input.
 */
export const fieldCount: Workload = {
  name: 'field count',
  wordsPerRecord: [1],
  countTopic: 'out',
  changelog: `${applicationId}-counts-changelog`,
  repartitionTopics: [],
  copyTopic: 'copy',
  build: () => {
    const builder = new StreamsBuilder()
    const store = stores.keyValue('counts', { key: serdes.string, value: serdes.int64 })
    builder.addStateStore(store)
    const input = builder.stream('in', { key: serdes.string, value: serdes.string })
    input
      .process(() => new FieldCounter(), { stores: ['counts'] })
      .to('out', {
        key: serdes.string,
        value: serdes.int64,
      })
    input.to('copy')
    return builder.build()
  },
}

class FieldCounter implements Processor<string, string, string, number> {
  #context: ProcessorContext<string, number> | undefined
  #store: KeyValueStore<string, number> | undefined
  readonly #counts = new Map<string, number>()

  init(context: ProcessorContext<string, number>): void {
    this.#context = context
    this.#store = context.getStateStore<KeyValueStore<string, number>>('counts')
    for (const [word, count] of this.#store.range()) this.#counts.set(word, count)
  }

  process(record: StreamRecord<string, string>): void {
    const count = (this.#counts.get(record.key) ?? 0) + 1
    this.#counts.set(record.key, count)
    this.#store?.put(record.key, count)
    this.#context?.forward({ ...record, value: count })
  }
}
