/** What `millrace dlq retry` would do, and why some letters stay: decided letter by letter, before anything is sent. */
import { isTopicName } from '../../common/topic-name.ts'
import { CliError } from '../../errors/cli-error.ts'
import type { KafkaClient, TopicMetadata } from '../../kafka/client/kafka-client.ts'
import type { RecordCursor, RecordSet } from '../../processor/record-set.ts'
import { provenanceOf } from './letter.ts'
import type { Provenance } from './letter.ts'
import type { LetterFilter } from './letter-filter.ts'

export interface RetryRules {
  readonly filter: LetterFilter
  /** Undefined: where each letter is from. */
  readonly to: string | undefined
  readonly partitionBy: 'source' | 'key'
  readonly maxRetries: number
  /** Of letters that are sent in all. */
  readonly max: number
}

/** Why a letter that was asked for stays where it is. */
export const stayReasons = {
  noSource: 'without the name of the topic of origin (--to names one)',
  noTopic: 'from a topic that does not exist any more, or that nobody may write to (--to names another)',
  tooOften: 'sent again as often as --max-retries admits',
  tooLarge: 'larger than the topic admits',
  refused: 'refused by the broker of the topic',
} as const
export type StayReason = keyof typeof stayReasons

export type Decision =
  | { readonly kind: 'send'; readonly topic: string; readonly partition: number }
  | { readonly kind: 'stay'; readonly reason: StayReason | 'filtered' }

/** `partition` -1: the key decides. */
export function decide(
  { filter, to, partitionBy, maxRetries }: RetryRules,
  cursor: Pick<RecordCursor, 'timestamp'>,
  letter: Provenance,
  targets: ReadonlyMap<string, TopicMetadata>,
): Decision {
  if (!filter.matches(cursor.timestamp, () => letter)) return { kind: 'stay', reason: 'filtered' }
  if (letter.retries >= maxRetries) return { kind: 'stay', reason: 'tooOften' }
  const topic = to ?? letter.topic
  if (topic === null) return { kind: 'stay', reason: 'noSource' }
  const target = targets.get(topic)
  if (target === undefined) return { kind: 'stay', reason: 'noTopic' }
  const { partition } = letter
  const isThere = partitionBy === 'source' && partition !== null && partition < target.partitionCount
  return { kind: 'send', topic, partition: isThere ? partition : -1 }
}

/** The topics that letters name are text of others: asked for only where they may be written to. */
export class Targets {
  readonly #client: KafkaClient
  readonly #known = new Map<string, TopicMetadata>()
  readonly #asked = new Set<string>()
  #wanted = new Set<string>()

  constructor(client: KafkaClient) {
    this.#client = client
  }

  get known(): ReadonlyMap<string, TopicMetadata> {
    return this.#known
  }

  /** Asks the cluster for those that letters are from, or for `to`; resolves with those that were not known before. */
  async ask(letters: RecordSet, to: string | undefined): Promise<readonly string[]> {
    if (to === undefined) {
      for (const cursor = letters.cursor(); cursor.next();) this.#want(provenanceOf(cursor.headers()).topic)
    } else this.#want(to)
    const wanted = [...this.#wanted]
    this.#wanted = new Set()
    if (wanted.length === 0) return []
    const found = [...(await this.#client.describeTopics(wanted)).values()].filter(({ internal }) => !internal)
    for (const metadata of found) this.#known.set(metadata.name, metadata)
    return found.map(({ name }) => name)
  }

  #want(topic: string | null): void {
    if (topic === null || this.#asked.has(topic)) return
    if (this.#asked.size >= targetsMax) {
      throw new CliError(
        'MILLRACE_PRECONDITION',
        `these letters are from more than ${targetsMax} topics; choose some with --source`,
      )
    }
    this.#asked.add(topic)
    if (mayBeWritten(topic)) this.#wanted.add(topic)
  }
}

const targetsMax = 1000

/** Kafka's own topics begin with two underscores. */
export function mayBeWritten(topic: string): boolean {
  return isTopicName(topic) && !topic.startsWith('__')
}
