/**
 * Where the input of an application is set back to, or on to: Java's StreamsResetter has the same ways. Pure. An offset
 * outside of what the log has becomes its beginning or end, and is told.
 */
import { topicPartitionKey } from '../../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../../common/topic-partition.ts'

export type ResetTarget =
  | { readonly kind: 'earliest' | 'latest' }
  /** The first record at or after that time, epoch milliseconds; the end where there is none. */
  | { readonly kind: 'time'; readonly timestampMs: number }
  /** By so many records on (or back, below 0) from what is committed; from the beginning where nothing is. */
  | { readonly kind: 'shift'; readonly by: number }
  | { readonly kind: 'offset'; readonly offset: number }
  /** Each partition its own; partitions that are not named stay as they are. */
  | { readonly kind: 'offsets'; readonly offsets: ReadonlyMap<TopicPartitionKey, number> }

export interface ResetBounds {
  readonly logStart: number
  readonly end: number
  /** For a target with a time: the offset of it; -1: nothing is that young. */
  readonly atTime?: number | undefined
}

export interface OffsetReset extends TopicPartition {
  /** Null: nothing was committed. */
  readonly from: number | null
  readonly to: number
  /** What was asked for is not in the log any more, or not yet: where that is so, what was asked for. */
  readonly asked: number | null
}

export function offsetReset(
  { topic, partition }: TopicPartition,
  target: ResetTarget,
  { logStart, end, atTime }: ResetBounds,
  committed: number | undefined,
): OffsetReset | undefined {
  const wanted = wantedOffset(topicPartitionKey(topic, partition), target, { logStart, end, atTime }, committed)
  if (wanted === undefined) return undefined
  const to = Math.min(Math.max(wanted, logStart), end)
  return { topic, partition, from: committed ?? null, to, asked: to === wanted ? null : wanted }
}

function wantedOffset(
  key: TopicPartitionKey,
  target: ResetTarget,
  { logStart, end, atTime }: ResetBounds,
  committed: number | undefined,
): number | undefined {
  switch (target.kind) {
    case 'earliest':
      return logStart
    case 'latest':
      return end
    case 'time':
      return atTime === undefined || atTime < 0 ? end : atTime
    case 'shift':
      return (committed ?? logStart) + target.by
    case 'offset':
      return target.offset
    case 'offsets':
      return target.offsets.get(key)
  }
}

/** ISO 8601, as `2026-03-01T10:00:00`, with a zone or in UTC; undefined: it is none. */
export function parseTimestamp(text: string): number | undefined {
  const match = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/.exec(text)
  if (match === null) return undefined
  const time = Date.parse(match[1] === undefined && text.includes('T') ? `${text}Z` : text)
  return Number.isNaN(time) ? undefined : time
}

export type ParsedOffsets =
  { readonly offsets: ReadonlyMap<TopicPartitionKey, number> } | { readonly line: number; readonly problem: string }

/** A line for each partition, as Kafka's own tools write them: `topic,partition,offset`; quotes around a topic are allowed. */
export function parseOffsets(text: string): ParsedOffsets {
  const offsets = new Map<TopicPartitionKey, number>()
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim()
    if (line === '') continue
    const match = /^"?([A-Za-z0-9._-]{1,249})"?\s*,\s*(\d{1,9})\s*,\s*(\d{1,15})$/.exec(line)
    if (match === null) return { line: index + 1, problem: `'${line.slice(0, 80)}' is not topic,partition,offset` }
    const [, topic = '', partition, offset] = match
    const key = topicPartitionKey(topic, Number(partition))
    if (offsets.has(key)) return { line: index + 1, problem: `${key} was named before` }
    offsets.set(key, Number(offset))
  }
  if (offsets.size === 0) return { line: 1, problem: 'there is no offset in it' }
  return { offsets }
}
