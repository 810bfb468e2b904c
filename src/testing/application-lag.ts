/** How far an application is behind: what it has committed, against the ends of what it reads. */
import { sleep, systemClock } from '../common/clock.ts'
import { parseTopicPartition } from '../common/topic-partition.ts'
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import { TestingError } from '../errors/testing-error.ts'
import type { KafkaClient, TopicMetadata } from '../kafka/client/kafka-client.ts'
import { keptAlive } from './kept-alive.ts'
import { offsetsAt, partitionsOf } from './topic-records.ts'

export interface LagQuery {
  readonly applicationId: string
  readonly timeoutMs: number
  /** What has ended it, when it is known to have failed. */
  readonly failure: () => Promise<Error | undefined>
}

const pollMs = 25
const shownMax = 20

type Ends = ReadonlyMap<TopicPartitionKey, number>

/** Until nothing is left in the topics that `reads` picks, records that still come included. */
export function untilLagZero(
  client: KafkaClient,
  query: LagQuery,
  reads: ((topic: string) => boolean) | undefined,
): Promise<void> {
  return untilNothingLeft(query, async () => {
    const topics = await inputTopics(client, query.applicationId, reads)
    if (topics === undefined) return [`the members of '${query.applicationId}' are joining`]
    const committed = await committedOf(client, query.applicationId, topics)
    // After what is committed: what a task wrote to a repartition topic before that commit is then seen.
    const ends = await endsOf(client, topics)
    if (committed.size === 0) return [`${query.applicationId} has committed nothing`, ...behind(ends, committed)]
    return behind(ends, committed)
  })
}

/** Until all that is in these topics now is committed, whatever comes meanwhile. */
export async function untilCommitted(
  client: KafkaClient,
  query: LagQuery,
  topics: readonly TopicMetadata[],
): Promise<void> {
  const ends = await endsOf(client, topics)
  await untilNothingLeft(query, async () => behind(ends, await committedOf(client, query.applicationId, topics)))
}

function untilNothingLeft(query: LagQuery, look: () => Promise<readonly string[]>): Promise<void> {
  const deadlineMs = systemClock.now() + query.timeoutMs
  return keptAlive(async () => {
    for (;;) {
      const left = await look()
      if (left.length === 0) return
      const failure = await query.failure()
      if (failure !== undefined) throw failed(query, failure)
      if (systemClock.now() > deadlineMs) throw notCaughtUp(query, left)
      await sleep(systemClock, pollMs)
    }
  })
}

/**
 * Its sources and its repartition topics. Of an application that was not started here: what its members subscribe to, and
 * what it has committed anything of. Undefined while its members cannot tell, because they are joining.
 */
async function inputTopics(
  client: KafkaClient,
  applicationId: string,
  reads: ((topic: string) => boolean) | undefined,
): Promise<TopicMetadata[] | undefined> {
  const isInput = reads ?? (await topicsOfGroup(client, applicationId))
  if (isInput === undefined) return undefined
  const isRepartition = (name: string): boolean => name.startsWith(`${applicationId}-`) && name.endsWith('-repartition')
  const all = [...(await client.describeTopics('all')).values()]
  return all.filter(({ name }) => isInput(name) || isRepartition(name))
}

async function topicsOfGroup(client: KafkaClient, group: string): Promise<((topic: string) => boolean) | undefined> {
  const { groups } = client.admin
  const members = (await groups.describe([group])).get(group)?.members ?? []
  if (members.some(({ topics }) => topics === undefined)) return undefined
  const committed = [...(await groups.offsets(group)).keys()].map((key) => parseTopicPartition(key).topic)
  const names = new Set([...committed, ...members.flatMap(({ topics }) => topics ?? [])])
  return (topic) => names.has(topic)
}

async function committedOf(client: KafkaClient, group: string, topics: readonly TopicMetadata[]): Promise<Ends> {
  const offsets = await client.committedOffsets(group, allPartitions(topics), { requireStable: true })
  return new Map([...offsets].map(([key, { offset }]) => [key, offset]))
}

function endsOf(client: KafkaClient, topics: readonly TopicMetadata[]): Promise<Ends> {
  return offsetsAt(client, allPartitions(topics), -1, 'read_uncommitted')
}

function allPartitions(topics: readonly TopicMetadata[]): ReturnType<typeof partitionsOf> {
  return topics.flatMap(({ name, partitionCount }) => partitionsOf(name, partitionCount))
}

function behind(ends: Ends, committed: Ends): string[] {
  return [...ends]
    .filter(([key, end]) => (committed.get(key) ?? 0) < end)
    .map(([key, end]) => `${key} at ${committed.get(key) ?? 0} of ${end}`)
}

function failed({ applicationId }: LagQuery, cause: Error): TestingError {
  return new TestingError(
    'MILLRACE_TEST_NOT_CAUGHT_UP',
    `application '${applicationId}' stopped before it had committed all of its input: ${cause.message}`,
    { cause },
  )
}

function notCaughtUp({ applicationId, timeoutMs }: LagQuery, left: readonly string[]): TestingError {
  const more = left.length > shownMax ? `, and ${left.length - shownMax} more` : ''
  return new TestingError(
    'MILLRACE_TEST_NOT_CAUGHT_UP',
    `application '${applicationId}' has not committed all of its input within ${timeoutMs} ms: ${left.slice(0, shownMax).join(', ')}${more}; is it running, under this application id, and without an error?`,
  )
}
