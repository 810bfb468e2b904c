/** `millrace dlq ls`: how many letters there are, grouped by what has to be corrected. */
import type { TopicPartitionKey } from '../../common/topic-partition.ts'
import type { KafkaClient } from '../../kafka/client/kafka-client.ts'
import { withClient } from '../connection.ts'
import type { ConnectionOptions } from '../connection.ts'
import { emit } from '../output.ts'
import type { OutputFormat } from '../output.ts'
import type { Patience } from '../patience.ts'
import { provenanceOf } from './letter.ts'
import type { Provenance } from './letter.ts'
import { letterFilter } from './letter-filter.ts'
import type { FilterOptions, LetterFilter } from './letter-filter.ts'
import { letterRanges, letterSets } from './letter-reader.ts'
import { letterTopics } from './letter-topics.ts'
import { listText } from './list-text.ts'
import type { LetterGroup, LetterList, TopicLetters } from './list-text.ts'
import { ProgressPass } from './progress.ts'
import { committedProgress } from './retry-group.ts'

export interface ListOptions extends ConnectionOptions, FilterOptions {
  readonly output: OutputFormat
}

/** Millions of letters have few reasons; who writes another text into each is counted, and not kept. */
const groupsMax = 10_000
const textMax = 200

export async function listCommand(names: readonly string[], options: ListOptions): Promise<void> {
  const filter = letterFilter(options)
  const topics = await letterTopics(names, options)
  await withClient('dlq', options, async (client, patience) => {
    const list = await listLetters(client, topics, filter, patience)
    await patience.excluding(() =>
      emit(options.output, { document: list, rows: list.groups, text: () => listText(list) }),
    )
  })
}

async function listLetters(
  client: KafkaClient,
  topics: readonly string[],
  filter: LetterFilter,
  patience: Patience,
): Promise<LetterList> {
  const counted: TopicLetters[] = []
  const groups = new Map<string, LetterGroup>()
  let lettersInOtherGroups = 0
  for (const topic of topics) {
    const ranges = await letterRanges(client, topic, filter)
    const passes = await passesOf(client, topic, ranges)
    const sum: TopicLetters = { topic, letters: 0, retried: 0 }
    for await (const { key, set, end } of letterSets(client, ranges, patience)) {
      const cursor = set.cursor()
      while (cursor.next() && cursor.offset < end) {
        const letter = provenanceOf(cursor.headers())
        if (!filter.matches(cursor.timestamp, () => letter)) continue
        const wasRetried = passes.get(key)?.wasSent(cursor.offset) === true
        sum.letters++
        if (wasRetried) sum.retried++
        const group = groupOf(groups, topic, letter, cursor.timestamp)
        if (group === undefined) lettersInOtherGroups++
        else count(group, letter, cursor.timestamp, wasRetried)
      }
    }
    counted.push(sum)
  }
  const sorted = [...groups.values()].toSorted((one, other) => other.letters - one.letters)
  return { topics: counted, groups: sorted, lettersInOtherGroups }
}

async function passesOf(
  client: KafkaClient,
  topic: string,
  ranges: Awaited<ReturnType<typeof letterRanges>>,
): Promise<ReadonlyMap<TopicPartitionKey, ProgressPass>> {
  const progress = await committedProgress(client, topic, [...ranges.keys()], { requireStable: false })
  return new Map([...progress].map(([key, before]) => [key, new ProgressPass(before, ranges.get(key)?.start ?? 0)]))
}

function groupOf(
  groups: Map<string, LetterGroup>,
  topic: string,
  { exception, code, node, topic: sourceTopic, partition: sourcePartition }: Provenance,
  timestamp: number,
): LetterGroup | undefined {
  const facts = {
    topic,
    exception: shortened(exception),
    code: shortened(code),
    node: shortened(node),
    sourceTopic: shortened(sourceTopic),
    sourcePartition,
  }
  const id = JSON.stringify(facts)
  const found = groups.get(id)
  if (found !== undefined || groups.size >= groupsMax) return found
  const times = { firstTimestamp: timestamp, lastTimestamp: timestamp }
  const group: LetterGroup = { ...facts, letters: 0, retried: 0, ...times, lastMessage: null }
  groups.set(id, group)
  return group
}

function count(group: LetterGroup, { message }: Provenance, timestamp: number, wasRetried: boolean): void {
  group.letters++
  if (wasRetried) group.retried++
  group.firstTimestamp = Math.min(group.firstTimestamp, timestamp)
  group.lastTimestamp = Math.max(group.lastTimestamp, timestamp)
  group.lastMessage = shortened(message)
}

function shortened(text: string | null): string | null {
  return text !== null && text.length > textMax ? `${text.slice(0, textMax)}…` : text
}
