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
  /** Records that an outer join gave up, or is about to, as `left+` or `+right`. */
  readonly misses: ReadonlySet<string>
  /** Those that were due to be given up when a match came, very late: it depends on the clock which of both was first. */
  readonly eitherWay: ReadonlySet<string>
  /** Records that still wait for a match. */
  readonly waiting: ReadonlySet<string>
}

interface JoinedEvent extends TimedEvent {
  readonly side: 'left' | 'right'
  isWaiting: boolean
}

/** Values are unique. Each side forgets by the time of its own records; what is given up is by that of both. */
export function joinTruth(
  partitions: readonly PartitionEvents[],
  isOfTheLeft: (value: string) => boolean,
  { withinMs, graceMs }: { readonly withinMs: number; readonly graceMs: number },
): JoinTruth {
  const retentionMs = 2 * withinMs + graceMs
  const truth = {
    pairs: new Set<string>(),
    misses: new Set<string>(),
    eitherWay: new Set<string>(),
    waiting: new Set<string>(),
  }
  const alone = ({ side, value }: JoinedEvent): string => (side === 'left' ? `${value}+` : `+${value}`)
  for (const events of partitions) {
    const known = new Map<string, JoinedEvent[]>()
    const times = { left: -Infinity, right: -Infinity }
    const isStored = ({ side, timestamp }: JoinedEvent): boolean => timestamp >= times[side] - retentionMs
    const isDue = ({ timestamp }: JoinedEvent): boolean =>
      timestamp + withinMs + graceMs < Math.max(times.left, times.right)
    for (const event of events) {
      const own: JoinedEvent = { ...event, side: isOfTheLeft(event.value) ? 'left' : 'right', isWaiting: false }
      times[own.side] = Math.max(times[own.side], own.timestamp)
      const others = known.get(own.key) ?? []
      const matches = others.filter(
        (other) => other.side !== own.side && Math.abs(other.timestamp - own.timestamp) <= withinMs && isStored(other),
      )
      for (const match of matches) {
        truth.pairs.add(own.side === 'left' ? `${own.value}+${match.value}` : `${match.value}+${own.value}`)
        if (match.isWaiting && isDue(match)) truth.eitherWay.add(alone(match))
        match.isWaiting = false
      }
      if (matches.length === 0) {
        own.isWaiting = own.timestamp + withinMs >= Math.max(times.left, times.right)
        if (!own.isWaiting) truth.misses.add(alone(own))
      }
      known.set(own.key, [...others.filter((other) => other.isWaiting || isStored(other)), own])
    }
    for (const left of [...known.values()].flat()) {
      if (left.isWaiting) (isDue(left) ? truth.misses : truth.waiting).add(alone(left))
    }
  }
  return truth
}
