/**
 * `--topology windows`: events of users with times of their own, some of them late. Every part is exactly known from the
 * order of the events in their partition, because the stream time that closes windows belongs to what is committed.
 */
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import type { TimedEvent } from '../support/event-truth.ts'
import { seededRandom } from '../support/word-count-load.ts'
import type { Application, Load, LoadRecord } from './application.ts'
import type { Findings, Promised } from './checks.ts'
import { endPrefix, eventTimes } from './events.ts'
import { partitionCount } from './layout.ts'
import { changelogs, checkEvents, outputs, repartition } from './windows-checks.ts'

const users = 1000
const lateShare = 0.01
/** Results of an outer join are given up once in a second at most: one ending may come too soon after what was before. */
const endings = 3

export const windowsApplication: Application = {
  topology: 'windows',
  file: 'windows-topology.ts',
  input: 'events',
  repartition,
  outputs: [outputs.kinds, ...Object.values(outputs).filter((topic) => topic !== outputs.kinds)],
  changelogs: [changelogs.kinds, ...Object.values(changelogs).filter((topic) => topic !== changelogs.kinds)],
  records: 100_000,
  load: (seed) => new EventLoad(seed),
}

class EventLoad implements Load {
  readonly #random: () => number
  readonly #partitions: readonly TimedEvent[][] = Array.from({ length: partitionCount }, () => [])
  #made = 0
  #newestMs = 0

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  next(nowMs: number): LoadRecord {
    const user = Math.floor(this.#random() * users)
    const isLate = this.#random() < lateShare
    const ageMs = isLate ? eventTimes.latenessMs : Math.floor(this.#random() ** 4 * eventTimes.disorderMs)
    this.#newestMs = Math.max(this.#newestMs, nowMs)
    return this.#event(user % partitionCount, `user ${user}`, nowMs - ageMs)
  }

  endings(): readonly (readonly LoadRecord[])[] {
    const timestamp = this.#newestMs + eventTimes.endMs
    return Array.from({ length: endings }, (_, round) =>
      Array.from({ length: partitionCount }, (__, partition) =>
        this.#event(partition, `${endPrefix}${partition}-${round}`, timestamp + round),
      ),
    )
  }

  check(client: KafkaClient, promised: Promised): Promise<Findings> {
    return checkEvents(client, this.#partitions, promised)
  }

  #event(partition: number, key: string, timestamp: number): LoadRecord {
    const value = String(this.#made++)
    this.#partitions[partition]?.push({ key, value, timestamp })
    return { partition, key, value, timestamp }
  }
}
