/**
 * What windows, sessions and joins must have made of events, worked out without stores, serdes or caches: event by event
 * in the order of each partition, because it is stream time that decides what is late. Events that are equally far apart
 * as grace allows are decided as Kafka Streams decides them.
 */

export interface TimedEvent {
  readonly key: string
  readonly value: string
  readonly timestamp: number
}

/** In the order of their offsets. */
export type PartitionEvents = readonly TimedEvent[]

export interface WindowTruth {
  /** Of every window `key@start`. */
  readonly counts: ReadonlyMap<string, number>
  /** Those that have closed: stream time has reached their end and the grace period. */
  readonly closed: ReadonlyMap<string, number>
}

export function windowTruth(
  partitions: readonly PartitionEvents[],
  { sizeMs, graceMs }: { readonly sizeMs: number; readonly graceMs: number },
): WindowTruth {
  const counts = new Map<string, number>()
  const closed = new Map<string, number>()
  for (const events of partitions) {
    const ends = new Map<string, number>()
    let streamTime = -Infinity
    for (const { key, timestamp } of events) {
      streamTime = Math.max(streamTime, timestamp)
      const start = timestamp - (timestamp % sizeMs)
      if (start + sizeMs + graceMs <= streamTime) continue
      const name = `${key}@${start}`
      counts.set(name, (counts.get(name) ?? 0) + 1)
      ends.set(name, start + sizeMs)
    }
    for (const [name, end] of ends) if (end + graceMs <= streamTime) closed.set(name, counts.get(name) ?? 0)
  }
  return { counts, closed }
}

interface Session {
  readonly start: number
  readonly end: number
  readonly count: number
}

/** Counts of the sessions `key@start-end` that are left when all have been merged. */
export function sessionTruth(
  partitions: readonly PartitionEvents[],
  { gapMs, graceMs }: { readonly gapMs: number; readonly graceMs: number },
): Map<string, number> {
  const truth = new Map<string, number>()
  const tell = (key: string, { start, end, count }: Session): unknown => truth.set(`${key}@${start}-${end}`, count)
  for (const events of partitions) {
    const open = new Map<string, readonly Session[]>()
    let streamTime = -Infinity
    for (const { key, timestamp } of events) {
      streamTime = Math.max(streamTime, timestamp)
      const closeTime = streamTime - gapMs - graceMs
      const all = open.get(key) ?? []
      for (const session of all) if (session.end < closeTime) tell(key, session)
      const live = all.filter(({ end }) => end >= closeTime)
      const found = live.filter(({ start, end }) => end >= timestamp - gapMs && start <= timestamp + gapMs)
      const merged = found.reduce<Session>(
        (one, other) => ({
          start: Math.min(one.start, other.start),
          end: Math.max(one.end, other.end),
          count: one.count + other.count,
        }),
        { start: timestamp, end: timestamp, count: 1 },
      )
      const isLate = merged.end < closeTime
      open.set(key, isLate ? live : [...live.filter((session) => !found.includes(session)), merged])
    }
    for (const [key, sessions] of open) for (const session of sessions) tell(key, session)
  }
  return truth
}

export interface JoinTruth {
  /** Values, as `left+right`. */
  readonly pairs: ReadonlySet<string>
  /** Records that an outer join gave up, as `left+` or `+right`. */
  readonly misses: ReadonlySet<string>
  /** Records that still wait for a match. */
  readonly waiting: ReadonlySet<string>
}

interface JoinedEvent extends TimedEvent {
  readonly isLeft: boolean
  isWaiting: boolean
}

/** Values are unique. What comes later than by its window and grace meets nobody, and nobody waits for it. */
export function joinTruth(
  partitions: readonly PartitionEvents[],
  isOfTheLeft: (value: string) => boolean,
  { withinMs, graceMs }: { readonly withinMs: number; readonly graceMs: number },
): JoinTruth {
  const retentionMs = 2 * withinMs + graceMs
  const pairs = new Set<string>()
  const misses = new Set<string>()
  const waiting = new Set<string>()
  const alone = (event: JoinedEvent): string => (event.isLeft ? `${event.value}+` : `+${event.value}`)
  for (const events of partitions) {
    const recent = new Map<string, JoinedEvent[]>()
    let streamTime = -Infinity
    const giveUp = (event: JoinedEvent): void => {
      if (event.isWaiting) (event.timestamp + withinMs + graceMs < streamTime ? misses : waiting).add(alone(event))
    }
    for (const event of events) {
      streamTime = Math.max(streamTime, event.timestamp)
      const all = recent.get(event.key) ?? []
      const known = all.filter(({ timestamp }) => timestamp >= streamTime - retentionMs)
      for (const old of all) if (old.timestamp < streamTime - retentionMs) giveUp(old)
      const own: JoinedEvent = { ...event, isLeft: isOfTheLeft(event.value), isWaiting: false }
      const matches = known.filter(
        ({ isLeft, timestamp }) => isLeft !== own.isLeft && Math.abs(timestamp - own.timestamp) <= withinMs,
      )
      for (const match of matches) {
        pairs.add(own.isLeft ? `${own.value}+${match.value}` : `${match.value}+${own.value}`)
        match.isWaiting = false
      }
      if (matches.length === 0 && own.timestamp + withinMs < streamTime) misses.add(alone(own))
      own.isWaiting = matches.length === 0 && own.timestamp + withinMs >= streamTime
      if (own.timestamp >= streamTime - retentionMs) known.push(own)
      recent.set(event.key, known)
    }
    for (const left of recent.values()) for (const event of left) giveUp(event)
  }
  return { pairs, misses, waiting }
}
