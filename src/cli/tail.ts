/**
 * `millrace tail <topic>`: its committed records, the last ones and then those that come. Records of open and aborted
 * transactions are not shown (read_committed).
 */
import { sleep, systemClock } from '../common/clock.ts'
import { parseTopicPartition } from '../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../common/topic-partition.ts'
import { CliError } from '../errors/cli-error.ts'
import type { Isolation, KafkaClient } from '../kafka/client/kafka-client.ts'
import type { RecordSet } from '../processor/record-set.ts'
import { withClient } from './connection.ts'
import type { ConnectionOptions } from './connection.ts'
import { lastRecords } from './last-records.ts'
import type { Patience } from './patience.ts'
import { recordText } from './record-text.ts'
import type { RecordFormat } from './record-text.ts'
import { onStopSignal } from './stop-signals.ts'
import { printBytes, say } from './terminal.ts'
import { textSerdeOf } from './text-serde.ts'
import { checkPartition, requirePartition, requireTopic } from './topic-access.ts'
import { partitionsOf, readRanges, takeFrom } from './topic-reader.ts'
import type { OffsetRange } from './topic-reader.ts'

export interface TailOptions extends ConnectionOptions {
  readonly fromBeginning?: boolean
  readonly last?: string
  readonly untilEnd?: boolean
  readonly partition?: string
  readonly output: 'text' | 'json' | 'jsonl'
  readonly keySeparator?: string
  readonly keySerde: string
  readonly valueSerde: string
  readonly nullValue?: string
  /** What stands behind the timestamp. */
  readonly timestamps?: string
}

type Offsets = ReadonlyMap<TopicPartitionKey, number>

const defaultLast = 10
const lastMax = 100_000
/** How long `--until-end` waits for transactions that are open when it begins. */
const settleTimeoutMs = 5000
const pollMs = 20

export async function tailCommand(topic: string, options: TailOptions): Promise<void> {
  const format = formatOf(options)
  const last = lastOf(options)
  const partition = checkPartition(options.partition)
  await withClient('tail', options, async (client, patience) => {
    const found = await requireTopic(client, topic)
    requirePartition(partition, found)
    const partitions = partition === undefined ? partitionsOf(topic, found.partitionCount) : [{ topic, partition }]
    const begins = await offsetsAt(client, partitions, -2, 'read_committed')
    const ends =
      options.untilEnd === true ? await settledEnds(client, partitions, patience) : await stableEnds(client, partitions)
    const ranges = new Map([...ends].map(([key, end]) => [key, { start: begins.get(key) ?? 0, end }]))
    if (last === undefined) await printRanges(client, ranges, format, patience)
    else if (last > 0) await printLast(client, ranges, last, format, patience)
    // Records may come in a minute, or tomorrow.
    if (options.untilEnd !== true) await patience.excluding(() => follow(client, ends, format))
  })
}

async function printRanges(
  client: KafkaClient,
  ranges: ReadonlyMap<TopicPartitionKey, OffsetRange>,
  format: RecordFormat,
  patience: Patience,
): Promise<void> {
  let lines: Buffer[] = []
  const flush = async (): Promise<void> => {
    const text = Buffer.concat(lines)
    lines = []
    await patience.excluding(async () => text.length > 0 && (await printBytes(text)))
  }
  try {
    await readRanges(client, ranges, (cursor, set) => lines.push(recordText(format, cursor, set)), flush)
  } finally {
    // What comes before a record that cannot be read.
    await flush()
  }
}

function printLast(
  client: KafkaClient,
  ranges: ReadonlyMap<TopicPartitionKey, OffsetRange>,
  count: number,
  format: RecordFormat,
  patience: Patience,
): Promise<void> {
  const print = (text: Buffer): Promise<void> => patience.excluding(() => printBytes(text))
  return lastRecords(client, ranges, count, format, print, { onSet: () => patience.renew() })
}

/** Until Ctrl-C, which is how following ends and no failure; a second one does not wait for anything. */
async function follow(client: KafkaClient, from: Offsets, format: RecordFormat): Promise<void> {
  const fetcher = client.fetcher({ name: 'follower', isolation: 'read_committed' })
  const interruption = new AbortController()
  const heedNoSignals = onStopSignal({
    first: () => {
      interruption.abort()
      fetcher.wakeup()
    },
    again: () => process.exit(130),
  })
  try {
    fetcher.assign(from)
    while (!interruption.signal.aborted) {
      for (const set of await takeFrom(client, fetcher)) await printSet(set, format)
      if (!interruption.signal.aborted) await fetcher.wait(1000)
    }
  } finally {
    await fetcher.close()
    heedNoSignals()
  }
}

async function printSet(set: RecordSet, format: RecordFormat): Promise<void> {
  const lines: Buffer[] = []
  const cursor = set.cursor()
  try {
    while (cursor.next()) lines.push(recordText(format, cursor, set))
  } finally {
    if (lines.length > 0) await printBytes(Buffer.concat(lines))
  }
}

function stableEnds(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
): Promise<Map<TopicPartitionKey, number>> {
  return offsetsAt(client, partitions, -1, 'read_committed')
}

/** All that was written before now, once its transactions have ended; what a transaction still hides is said. */
async function settledEnds(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
  patience: Patience,
): Promise<Map<TopicPartitionKey, number>> {
  const ends = await offsetsAt(client, partitions, -1, 'read_uncommitted')
  const deadlineMs = systemClock.now() + settleTimeoutMs
  for (;;) {
    const stable = await stableEnds(client, partitions)
    patience.renew()
    const hidden = [...ends].filter(([key, end]) => (stable.get(key) ?? 0) < end)
    if (hidden.length === 0) return ends
    if (systemClock.now() >= deadlineMs) {
      for (const [key, end] of hidden) {
        ends.set(key, stable.get(key) ?? 0)
        const { topic, partition } = parseTopicPartition(key)
        say(
          `millrace: an open transaction hides ${topic}-${partition} from offset ${stable.get(key) ?? 0} to ${end}; that is not shown`,
        )
      }
      return ends
    }
    await sleep(systemClock, pollMs)
  }
}

function offsetsAt(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
  timestamp: number,
  isolation: Isolation,
): Promise<Map<TopicPartitionKey, number>> {
  const query = partitions.map(({ topic, partition }) => ({ topic, partition, timestamp }))
  return client.listOffsets(query, isolation)
}

/** Undefined: from the beginning. */
function lastOf({ last, fromBeginning }: TailOptions): number | undefined {
  if (last === undefined) return fromBeginning === true ? undefined : defaultLast
  if (fromBeginning === true) {
    throw new CliError('MILLRACE_USAGE', '-n and --from-beginning exclude each other: give one of them')
  }
  const count = Number(last)
  if (last.trim() !== '' && Number.isSafeInteger(count) && count >= 0 && count <= lastMax) return count
  throw new CliError('MILLRACE_USAGE', `-n takes a number from 0 to ${lastMax}, not '${last}'`)
}

function formatOf({ output, keySerde, valueSerde, keySeparator, nullValue, timestamps }: TailOptions): RecordFormat {
  return {
    output: output === 'text' ? 'text' : 'json',
    key: textSerdeOf(keySerde, '--key-serde'),
    value: textSerdeOf(valueSerde, '--value-serde'),
    separator: keySeparator,
    timestampSeparator: timestamps,
    nullText: nullValue ?? 'null',
  }
}
