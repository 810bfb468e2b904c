/**
 * May a global store that is on this machine be gone on with, and from where? Judged when it is opened, from the marker of
 * its state and what the cluster says of its topic. Its topic is all that there is to it, so where it may not, it is
 * filled anew: nothing can be lost by that, and nobody has to decide.
 */
import type { Logger } from '../common/logger.ts'
import { parseTopicPartition, topicPartitionKey } from '../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../common/topic-partition.ts'
import { RuntimeError } from '../errors/runtime-error.ts'
import type { KafkaClient, TopicMetadata } from '../kafka/client/kafka-client.ts'
import { emptyMarker } from '../state/state-engine.ts'
import type { Marker, TaskState } from '../state/state-engine.ts'
import { storeLayout } from '../state/store-layout.ts'
import type { GlobalStore } from '../topology/topology-node.ts'
import { isTooOld, tombstonesGone } from './restore-start.ts'

/** What the cluster says of one partition of the topic of a global store. */
export interface GlobalBounds {
  readonly logStart: number
  /** The high watermark: with it the store is as complete as the topic was when it was asked for. */
  readonly end: number
}

/** What the cluster says of the topics of global stores. */
export interface GlobalFacts {
  readonly topics: ReadonlyMap<string, TopicMetadata>
  readonly bounds: ReadonlyMap<TopicPartitionKey, GlobalBounds>
  readonly configs: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly keysOf: (topic: string) => readonly TopicPartitionKey[]
}

/** Without the right to read configurations Kafka's defaults count. */
export async function lookUpGlobals(
  client: KafkaClient,
  stores: readonly GlobalStore[],
  onNoConfigs: (error: unknown) => void,
): Promise<GlobalFacts> {
  const names = stores.map(({ topic }) => topic)
  const topics = await client.describeTopics(names)
  for (const store of stores) if (!topics.has(store.topic)) throw missing(store)
  const partitions = [...topics.values()].flatMap((metadata) => partitionsOf(metadata))
  const configs = await client.admin.describeTopicConfigs(names).catch((error: unknown) => {
    onNoConfigs(error)
    return new Map<string, ReadonlyMap<string, string>>()
  })
  const keysOf = (topic: string): TopicPartitionKey[] => {
    const metadata = topics.get(topic)
    return metadata === undefined ? [] : partitionsOf(metadata).map(keyOf)
  }
  return { topics, bounds: await boundsOf(client, partitions), configs, keysOf }
}

export async function boundsOf(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
): Promise<Map<TopicPartitionKey, GlobalBounds>> {
  const [starts, ends] = await Promise.all(
    [-2, -1].map((timestamp) =>
      client.listOffsets(
        partitions.map((partition) => ({ ...partition, timestamp })),
        'read_uncommitted',
      ),
    ),
  )
  return new Map(
    partitions.map(keyOf).map((key) => [key, { logStart: starts?.get(key) ?? 0, end: ends?.get(key) ?? 0 }]),
  )
}

export function keyOf({ topic, partition }: TopicPartition): TopicPartitionKey {
  return topicPartitionKey(topic, partition)
}

export function partitionsOf({ name, partitionCount }: TopicMetadata): TopicPartition[] {
  return Array.from({ length: partitionCount }, (_, partition) => ({ topic: name, partition }))
}

/** What is kept of the stores, and how one of them is emptied. */
export type GlobalKept = Pick<TaskState, 'marker' | 'clear'>

/**
 * Where each partition is gone on from. Empties stores that cannot be gone on with, and those that the topology does not
 * have any more. What fails half-way can be called again.
 */
export async function whereToBegin(
  state: GlobalKept,
  stores: readonly GlobalStore[],
  facts: GlobalFacts,
  { nowMs, logger }: { readonly nowMs: number; readonly logger: Logger },
): Promise<Map<TopicPartitionKey, number>> {
  const positions = new Map<TopicPartitionKey, number>()
  for (const store of stores) {
    const { topic, spec } = store
    const reason = whyAnew(store, state.marker, facts, nowMs)
    if (reason !== undefined) {
      logger.warn({ store: spec.name, topic }, `the global store is filled anew from its topic: ${reason}`)
      await clear(state, spec.name, topic)
    }
    const { layouts, changelog } = state.marker ?? emptyMarker
    const reached = layouts[spec.name] === undefined ? {} : changelog
    for (const key of facts.keysOf(topic)) positions.set(key, reached[key] ?? facts.bounds.get(key)?.logStart ?? 0)
  }
  const used = new Set(stores.map(({ spec }) => spec.name))
  for (const store of Object.keys(state.marker?.layouts ?? {})) {
    if (used.has(store)) continue
    logger.info({ store }, 'the state of a global store that the topology does not have any more is removed')
    await clear(state, store)
  }
  return positions
}

/** With the marker of what is left. */
async function clear(state: GlobalKept, store: string, topic?: string): Promise<void> {
  const before = state.marker ?? emptyMarker
  const isOther = ([key]: readonly [string, unknown]): boolean =>
    parseTopicPartition(key as TopicPartitionKey).topic !== topic
  await state.clear(store, {
    ...before,
    changelog: Object.fromEntries(Object.entries(before.changelog).filter(isOther)),
    layouts: Object.fromEntries(Object.entries(before.layouts).filter(([name]) => name !== store)),
  })
}

/** Why the store cannot be gone on with; undefined: it can, or there is nothing of it. */
function whyAnew(
  { spec, topic }: GlobalStore,
  marker: Marker | undefined,
  facts: GlobalFacts,
  nowMs: number,
): string | undefined {
  const written = marker?.layouts[spec.name]
  if (marker === undefined || written === undefined) return undefined
  const layout = storeLayout(spec)
  if (written !== layout) return `it was written as ${written} and is ${layout} in this topology`
  const [before, now] = [marker.topicIds[topic], facts.topics.get(topic)?.topicId]
  if (before === undefined) return 'it was filled from another topic'
  if (before !== now) return `its topic was deleted and made anew (its id was ${before} and is ${now})`
  const config = facts.configs.get(topic)
  const deleteRetentionMs = Number(config?.get('delete.retention.ms'))
  for (const key of facts.keysOf(topic)) {
    const reached = marker.changelog[key]
    const { logStart, end } = facts.bounds.get(key) ?? { logStart: 0, end: 0 }
    if (reached === undefined) continue
    if (reached > end) return `${key} ends at ${end}, and the store has its records up to ${reached}`
    if (reached < logStart) return `the records of ${key} from ${reached} to ${logStart} are gone`
    const changelog = {
      logStart,
      end,
      topicId: now,
      cleanUpPolicy: config?.get('cleanup.policy'),
      deleteRetentionMs: deleteRetentionMs > 0 ? deleteRetentionMs : undefined,
    }
    if (isTooOld(marker.committedAtMs, reached, changelog, nowMs)) {
      return tombstonesGone(changelog, nowMs - marker.committedAtMs)
    }
  }
  return undefined
}

function missing({ topic, spec }: GlobalStore): RuntimeError {
  return new RuntimeError(
    'MILLRACE_SOURCE_TOPIC_MISSING',
    `the topic '${topic}' of the global store '${spec.name}' does not exist; create it, or correct its name in the topology`,
    { topic },
  )
}
