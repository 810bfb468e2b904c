/**
 * Brings stores up to date from their changelogs.
 *
 * The end is taken once, with isolation read_uncommitted: the high watermark. Replay is read_committed from the engine's
 * marker until the *position* reaches that end, waiting where the last stable offset is still below it. Stopping at the
 * last stable offset would lose updates: the markers of one transaction reach its partitions at different times
 * (KAFKA-10167), so the input offsets may already be committed while the changelog's marker is still on its way.
 *
 *     offsets committed: input 0..99 ── marker has reached __consumer_offsets
 *     changelog: … r97 r98 r99        ── its marker has not: LSO before r97, high watermark after r99
 *
 * Only when every changelog of a task has reached its end may its input offsets be fetched (with require-stable).
 *
 * `step` does a bounded piece of work and does not wait for the network, so that the thread can run its other tasks
 * meanwhile.
 */
import type { Logger } from '../common/logger.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../common/topic-partition.ts'
import { RuntimeError } from '../errors/runtime-error.ts'
import { reactionOf } from '../errors/streams-error.ts'
import type { Fetcher, KafkaClient } from '../kafka/client/kafka-client.ts'
import type { RecordSet } from '../processor/record-set.ts'
import { emptyMarker } from '../state/state-engine.ts'
import type { Marker } from '../state/state-engine.ts'
import { Lookup } from './lookup.ts'
import type { ManagedTask } from './managed-task.ts'
import type { TaskChangelog } from './task/task-options.ts'

export interface RestoreProgress {
  readonly taskId: string
  readonly store: string
  readonly restored: number
  readonly total: number
  readonly done: boolean
}

export interface ChangelogReaderOptions {
  readonly client: KafkaClient
  readonly groupId: string
  readonly logger: Logger
  readonly onProgress: (progress: RestoreProgress) => void
}

interface Restoration {
  readonly managed: ManagedTask
  readonly changelog: TaskChangelog
  readonly key: TopicPartitionKey
  readonly start: number
  end: number
  position: number
  restored: number
}

/** Where the changelogs of some tasks begin and where their replay ends. */
interface Bounds {
  readonly tasks: readonly ManagedTask[]
  readonly starts: ReadonlyMap<TopicPartitionKey, number>
  readonly ends: ReadonlyMap<TopicPartitionKey, number>
}

export class ChangelogReader {
  readonly #options: ChangelogReaderOptions
  readonly #fetcher: Fetcher
  readonly #active = new Map<TopicPartitionKey, Restoration>()
  #added: ManagedTask[] = []
  #bounds: Lookup<Bounds> | undefined

  constructor(options: ChangelogReaderOptions) {
    this.#options = options
    this.#fetcher = options.client.fetcher({ name: 'restore', isolation: 'read_committed' })
  }

  /** Nothing to replay. */
  get isIdle(): boolean {
    return this.#active.size === 0 && this.#added.length === 0
  }

  add(managed: ManagedTask): void {
    this.#added.push(managed)
  }

  /** Forgets tasks that are no longer owned. */
  retain(owned: (managed: ManagedTask) => boolean): void {
    this.#added = this.#added.filter(owned)
    this.#bounds = undefined
    for (const [key, restoration] of this.#active) if (!owned(restoration.managed)) this.#active.delete(key)
    this.#assign()
  }

  /** Whether stores of that task are still incomplete. */
  isRestoring(managed: ManagedTask): boolean {
    return this.#added.includes(managed) || [...this.#active.values()].some((active) => active.managed === managed)
  }

  /** A bounded piece of work. */
  async step(): Promise<void> {
    if (this.#added.length > 0) this.#begin()
    const taken = this.#take()
    if ('managed' in taken) return this.#rebuild(taken)
    for (const set of taken) await this.#apply(set)
    for (const restoration of this.#active.values()) {
      // Behind the last record there may be markers and aborted data only: the fetcher's position counts them.
      restoration.position = Math.max(restoration.position, this.#fetcher.position(restoration.key) ?? 0)
      if (restoration.position >= restoration.end) this.#finish(restoration)
    }
  }

  wait(maxWaitMs: number): Promise<void> {
    return this.#fetcher.wait(maxWaitMs)
  }

  wakeup(): void {
    this.#fetcher.wakeup()
  }

  close(): Promise<void> {
    return this.#fetcher.close()
  }

  /** Asks for the bounds of what was added; begins once they are known. */
  #begin(): void {
    const bounds = this.#takeBounds()
    if (bounds === undefined) return
    const { tasks, starts, ends } = bounds
    this.#added = this.#added.filter((managed) => !tasks.includes(managed))
    for (const managed of tasks) {
      for (const changelog of managed.task.changelogs) this.#register(managed, changelog, starts, ends)
    }
    this.#assign()
  }

  #takeBounds(): Bounds | undefined {
    this.#bounds ??= new Lookup(this.#lookUp([...this.#added]), () => this.#fetcher.wakeup())
    try {
      const found = this.#bounds.take()
      if (found !== undefined) this.#bounds = undefined
      return found?.value
    } catch (error) {
      this.#bounds = undefined
      throw error
    }
  }

  async #lookUp(tasks: readonly ManagedTask[]): Promise<Bounds> {
    const [ends, starts] = [await this.#ends(tasks), await this.#starts(tasks)]
    return { tasks, starts, ends }
  }

  /** High watermarks; where a source topic serves as changelog, the committed offset: beyond it is input, not state. */
  async #ends(added: readonly ManagedTask[]): Promise<Map<TopicPartitionKey, number>> {
    const { client, groupId } = this.#options
    const all = added.flatMap(({ task }) => task.changelogs)
    const own = all.filter((changelog) => !changelog.isSource)
    const sources = all.filter((changelog) => changelog.isSource)
    const ends =
      own.length === 0
        ? new Map<TopicPartitionKey, number>()
        : await client.listOffsets(
            own.map((changelog) => at(changelog, -1)),
            'read_uncommitted',
          )
    if (sources.length > 0) {
      const committed = await client.committedOffsets(groupId, sources, { requireStable: true })
      for (const source of sources) ends.set(keyOf(source), committed.get(keyOf(source))?.offset ?? 0)
    }
    return ends
  }

  async #starts(added: readonly ManagedTask[]): Promise<Map<TopicPartitionKey, number>> {
    const all = added.flatMap(({ task }) => task.changelogs)
    if (all.length === 0) return new Map()
    return this.#options.client.listOffsets(
      all.map((changelog) => at(changelog, -2)),
      'read_uncommitted',
    )
  }

  #register(
    managed: ManagedTask,
    changelog: TaskChangelog,
    starts: ReadonlyMap<TopicPartitionKey, number>,
    ends: ReadonlyMap<TopicPartitionKey, number>,
  ): void {
    const key = keyOf(changelog)
    const end = ends.get(key) ?? 0
    const logStart = starts.get(key) ?? 0
    const marker = managed.state.marker?.changelog[key]
    if (marker !== undefined && marker > end && !changelog.isSource) {
      throw new RuntimeError(
        'MILLRACE_CHANGELOG_BEHIND_STATE',
        `task ${managed.task.id}: the changelog '${key}' ends at ${end}, but store '${changelog.store}' has its records up to ${marker}: the changelog lost data that the store still has`,
        { topic: changelog.topic, partition: changelog.partition },
      )
    }
    const start = Math.max(marker ?? logStart, logStart)
    const restoration: Restoration = { managed, changelog, key, start, end, position: start, restored: 0 }
    if (start >= end) this.#report(restoration, true)
    else this.#active.set(key, restoration)
  }

  #take(): readonly RecordSet[] | Restoration {
    try {
      return this.#fetcher.take()
    } catch (error) {
      const restoration = reactionOf(error) === 'offset-out-of-range' ? this.#partitionOf(error) : undefined
      if (restoration === undefined) throw error
      return restoration
    }
  }

  /** The changelog was cut off below our position or made anew: the store is rebuilt from what is there now. */
  async #rebuild(restoration: Restoration): Promise<void> {
    const { managed, changelog, key } = restoration
    this.#options.logger.warn(
      { taskId: managed.task.id, store: changelog.store, changelog: key, position: restoration.position },
      'the changelog has no records at the position of the store any more; the store is rebuilt from its start',
    )
    const [start = 0, end = 0] = await Promise.all(
      [-2, -1].map(async (timestamp) =>
        (await this.#options.client.listOffsets([at(changelog, timestamp)], 'read_uncommitted')).get(key),
      ),
    )
    await managed.state.clear(changelog.store, markerAt(managed, key, start))
    restoration.position = start
    if (!changelog.isSource) restoration.end = end
    this.#fetcher.seek(key, start)
  }

  #partitionOf(error: unknown): Restoration | undefined {
    if (typeof error !== 'object' || error === null || !('topic' in error) || !('partition' in error)) return undefined
    return this.#active.get(topicPartitionKey(String(error.topic), Number(error.partition)))
  }

  async #apply(set: RecordSet): Promise<void> {
    const key = topicPartitionKey(set.topic, set.partition)
    const restoration = this.#active.get(key)
    if (restoration === undefined) return
    const { managed, changelog } = restoration
    restoration.restored += await managed.task.restore(changelog.store, set, markerAt(managed, key, set.nextOffset))
    restoration.position = set.nextOffset
    if (restoration.position < restoration.end) this.#report(restoration, false)
  }

  #finish(restoration: Restoration): void {
    this.#active.delete(restoration.key)
    this.#assign()
    this.#report(restoration, true)
  }

  #report({ managed, changelog, restored, start, end }: Restoration, done: boolean): void {
    const progress = {
      taskId: managed.task.id,
      store: changelog.store,
      restored,
      total: Math.max(0, end - start),
      done,
    }
    if (done && restored > 0) this.#options.logger.info(progress, 'store restored from its changelog')
    this.#options.onProgress(progress)
  }

  #assign(): void {
    this.#fetcher.assign(new Map([...this.#active].map(([key, { position }]) => [key, position])))
  }
}

function markerAt(managed: ManagedTask, key: TopicPartitionKey, offset: number): Marker {
  const before = managed.state.marker ?? emptyMarker
  return { ...before, changelog: { ...before.changelog, [key]: offset } }
}

function keyOf({ topic, partition }: TaskChangelog): TopicPartitionKey {
  return topicPartitionKey(topic, partition)
}

function at({ topic, partition }: TaskChangelog, timestamp: number): TopicPartition & { timestamp: number } {
  return { topic, partition, timestamp }
}
