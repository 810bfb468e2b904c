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
 * Whether a store may go on from its marker at all is `restore-start.ts`'s to say.
 *
 * `step` does a bounded piece of work and does not wait for the network, so that the thread can run its other tasks
 * meanwhile.
 */
import type { Clock } from '../common/clock.ts'
import type { FileSystem } from '../common/file-system.ts'
import type { Logger } from '../common/logger.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
import type { TopicPartition, TopicPartitionKey } from '../common/topic-partition.ts'
import type { RuntimeError } from '../errors/runtime-error.ts'
import { reactionOf } from '../errors/streams-error.ts'
import type { Fetcher, KafkaClient } from '../kafka/client/kafka-client.ts'
import type { RecordSet } from '../processor/record-set.ts'
import { emptyMarker } from '../state/state-engine.ts'
import type { Marker } from '../state/state-engine.ts'
import { Lookup } from './lookup.ts'
import type { ManagedTask } from './managed-task.ts'
import type { RestoreFigures } from './metrics/thread-metrics.ts'
import { isRefusal, noteRefusal, requireNotRefused } from './refusal.ts'
import { deletesOldRecords, isTooOld, tombstonesGone, whereToBegin } from './restore-start.ts'
import type { ChangelogFacts } from './restore-start.ts'
import type { TaskChangelog } from './task/task-options.ts'
import { Wakeup } from './wakeup.ts'

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
  readonly clock: Clock
  readonly fileSystem: FileSystem
  readonly logger: Logger
  /** By topic name, as last seen. */
  readonly topicId: (topic: string) => string | undefined
  readonly onProgress: (progress: RestoreProgress) => void
  /** A step failed in a way that passes, and is tried again. */
  readonly onRetried?: (error: unknown) => void
  /** A replay that had records to replay has ended. */
  readonly onRestored?: (tookMs: number) => void
}

interface Restoration {
  readonly managed: ManagedTask
  readonly changelog: TaskChangelog
  readonly key: TopicPartitionKey
  facts: ChangelogFacts
  start: number
  /** How complete the store was when this replay began: its marker's time. */
  completeAtMs: number
  isRebuild: boolean
  position: number
  restored: number
  readonly beganMs: number
}

/** What is to be known of the changelogs of some tasks before their replay begins. */
interface Bounds {
  readonly tasks: readonly ManagedTask[]
  readonly facts: ReadonlyMap<TopicPartitionKey, ChangelogFacts>
}

type TopicConfigs = ReadonlyMap<string, ReadonlyMap<string, string>>

const markerRefreshMinMs = 1000
const retryFirstMs = 50
const retryMaxMs = 5000

export class ChangelogReader {
  readonly #options: ChangelogReaderOptions
  readonly #fetcher: Fetcher
  readonly #wake: Wakeup
  readonly #active = new Map<TopicPartitionKey, Restoration>()
  #added: ManagedTask[] = []
  #bounds: Lookup<Bounds> | undefined
  #failuresInRow = 0
  #notBeforeMs = 0

  constructor(options: ChangelogReaderOptions) {
    this.#options = options
    this.#wake = new Wakeup(options.clock)
    this.#fetcher = options.client.fetcher({ name: 'restore', isolation: 'read_committed' })
  }

  /** Nothing to replay. */
  get isIdle(): boolean {
    return this.#active.size === 0 && this.#added.length === 0
  }

  /** What is being replayed; not what waits for its bounds to be known. For metrics and status. */
  get figures(): RestoreFigures[] {
    return [...this.#active.values()].map(({ managed, changelog, restored, start, position, facts, beganMs }) => ({
      taskId: managed.task.id,
      store: changelog.store,
      topic: changelog.topic,
      partition: changelog.partition,
      restored,
      total: Math.max(0, facts.end - start),
      remaining: Math.max(0, facts.end - position),
      beganMs,
    }))
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

  /** A bounded piece of work. A passing failure (a full disk) waits for its next attempt; other tasks run meanwhile. */
  async step(): Promise<void> {
    const { clock, logger, onRetried } = this.#options
    if (clock.now() < this.#notBeforeMs) return
    try {
      await this.#step()
      this.#failuresInRow = 0
    } catch (error) {
      if (reactionOf(error) !== 'retriable') throw error
      const delayMs = Math.min(retryMaxMs, retryFirstMs * 2 ** this.#failuresInRow++)
      this.#notBeforeMs = clock.now() + delayMs
      logger.warn({ err: error, delayMs }, 'a restore cannot go on at the moment and is tried again')
      onRetried?.(error)
    }
  }

  async #step(): Promise<void> {
    if (this.#added.length > 0) await this.#begin()
    const taken = this.#take()
    if ('managed' in taken) return this.#restart(taken)
    await this.#applyAll(taken)
    for (const restoration of this.#active.values()) {
      // Behind the last record there may be markers and aborted data only: the fetcher's position counts them.
      restoration.position = Math.max(restoration.position, this.#fetcher.position(restoration.key) ?? 0)
      if (restoration.position >= restoration.facts.end) await this.#finish(restoration)
    }
  }

  wait(maxWaitMs: number): Promise<void> {
    const backOffMs = this.#notBeforeMs - this.#options.clock.now()
    // Not by the fetcher, which may have had something all the time.
    return backOffMs > 0 ? this.#wake.wait(Math.min(maxWaitMs, backOffMs)) : this.#fetcher.wait(maxWaitMs)
  }

  wakeup(): void {
    this.#wake.wake()
    this.#fetcher.wakeup()
  }

  close(): Promise<void> {
    return this.#fetcher.close()
  }

  /** Asks for the bounds of what was added; begins once they are known. */
  async #begin(): Promise<void> {
    const bounds = this.#takeBounds()
    if (bounds === undefined) return
    try {
      for (const managed of bounds.tasks) await this.#registerAll(managed, bounds.facts)
    } finally {
      this.#assign()
    }
  }

  /** All changelogs of a task or none: with half of them it would run on stores that are behind. */
  async #registerAll(managed: ManagedTask, facts: Bounds['facts']): Promise<void> {
    const { directory, task } = managed
    try {
      if (directory !== undefined) await requireNotRefused(this.#options.fileSystem, directory, task.id)
      for (const changelog of task.changelogs) {
        await this.#register(managed, changelog, facts.get(keyOf(changelog)) as ChangelogFacts)
      }
    } catch (error) {
      // It stays among those that were added, and begins again with new bounds.
      for (const [key, restoration] of this.#active) if (restoration.managed === managed) this.#active.delete(key)
      if (directory !== undefined && isRefusal(error)) await this.#noteRefusal(directory, error)
      throw error
    }
    this.#added = this.#added.filter((other) => other !== managed)
  }

  /** The refusal itself counts, whether the disk takes the note or not. */
  async #noteRefusal(directory: string, error: RuntimeError): Promise<void> {
    const { fileSystem, clock, logger } = this.#options
    try {
      await noteRefusal(fileSystem, directory, error, clock.now())
    } catch (cause) {
      logger.warn({ err: cause, directory }, 'the refusal of this state could not be noted beside it')
    }
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
    const changelogs = tasks.flatMap(({ task }) => task.changelogs)
    const ends = await this.#ends(changelogs)
    const starts = await this.#starts(changelogs)
    const configs = await this.#configs(tasks)
    return { tasks, facts: new Map(changelogs.map((one) => [keyOf(one), this.#facts(one, starts, ends, configs)])) }
  }

  #facts(
    changelog: TaskChangelog,
    starts: ReadonlyMap<TopicPartitionKey, number>,
    ends: ReadonlyMap<TopicPartitionKey, number>,
    configs: TopicConfigs,
  ): ChangelogFacts {
    const config = configs.get(changelog.topic)
    const retentionMs = Number(config?.get('delete.retention.ms'))
    return {
      logStart: starts.get(keyOf(changelog)) ?? 0,
      end: ends.get(keyOf(changelog)) ?? 0,
      topicId: this.#options.topicId(changelog.topic),
      cleanUpPolicy: config?.get('cleanup.policy'),
      deleteRetentionMs: retentionMs > 0 ? retentionMs : undefined,
    }
  }

  /**
   * High watermarks; where a source topic serves as changelog, the committed offset: beyond it is input, not state. A
   * topic that was cut or made anew may end before that, and nothing would ever arrive there.
   */
  async #ends(changelogs: readonly TaskChangelog[]): Promise<Map<TopicPartitionKey, number>> {
    if (changelogs.length === 0) return new Map()
    const { client, groupId } = this.#options
    const latest = changelogs.map((changelog) => at(changelog, -1))
    const ends = new Map(await client.listOffsets(latest, 'read_uncommitted'))
    const sources = changelogs.filter((changelog) => changelog.isSource)
    if (sources.length === 0) return ends
    const committed = await client.committedOffsets(groupId, sources, { requireStable: true })
    for (const source of sources) {
      const key = keyOf(source)
      ends.set(key, Math.min(committed.get(key)?.offset ?? 0, ends.get(key) ?? 0))
    }
    return ends
  }

  async #starts(changelogs: readonly TaskChangelog[]): Promise<Map<TopicPartitionKey, number>> {
    if (changelogs.length === 0) return new Map()
    return this.#options.client.listOffsets(
      changelogs.map((changelog) => at(changelog, -2)),
      'read_uncommitted',
    )
  }

  /** Only where there is state to judge, now or at the next start. Without the right to read them, Kafka's defaults count. */
  async #configs(tasks: readonly ManagedTask[]): Promise<TopicConfigs> {
    const topics = tasks
      .filter(({ state, directory }) => state.marker !== undefined || directory !== undefined)
      .flatMap(({ task }) => task.changelogs.map(({ topic }) => topic))
    if (topics.length === 0) return new Map()
    try {
      return await this.#options.client.admin.describeTopicConfigs([...new Set(topics)])
    } catch (error) {
      if (reactionOf(error) === 'retriable') throw error
      this.#options.logger.info({ err: error }, 'configurations of changelogs could not be read; defaults are assumed')
      return new Map()
    }
  }

  async #register(managed: ManagedTask, changelog: TaskChangelog, facts: ChangelogFacts): Promise<void> {
    const { clock } = this.#options
    const begin = whereToBegin(managed, changelog, facts, clock.now())
    if (facts.deleteRetentionMs !== undefined)
      managed.markerRefreshMs = Math.max(
        markerRefreshMinMs,
        Math.min(managed.markerRefreshMs, facts.deleteRetentionMs / 4),
      )
    const restoration: Restoration = {
      managed,
      changelog,
      key: keyOf(changelog),
      facts,
      start: begin.offset,
      completeAtMs: managed.state.marker?.committedAtMs ?? clock.now(),
      isRebuild: false,
      position: begin.offset,
      restored: 0,
      beganMs: clock.now(),
    }
    if (begin.warning !== undefined) this.#warnOfGap(restoration, begin.warning)
    if (begin.rebuild !== undefined) await this.#rebuild(restoration, begin.rebuild)
    if (restoration.position >= facts.end) this.#report(restoration, true)
    else this.#active.set(restoration.key, restoration)
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

  /** The changelog was cut off above our position, or made anew, while it was replayed. */
  async #restart(restoration: Restoration): Promise<void> {
    const { changelog, key } = restoration
    const [logStart = 0, end = 0] = await Promise.all(
      [-2, -1].map(async (timestamp) =>
        (await this.#options.client.listOffsets([at(changelog, timestamp)], 'read_uncommitted')).get(key),
      ),
    )
    const isSource = changelog.isSource
    restoration.facts = { ...restoration.facts, logStart, ...(!isSource && { end }) }
    if (restoration.position < logStart && deletesOldRecords(restoration.facts)) this.#skipTo(restoration, logStart)
    else await this.#rebuild(restoration, `its changelog has no records at offset ${restoration.position} any more`)
    this.#fetcher.seek(key, restoration.position)
  }

  /** As where a replay begins: what retention has deleted is expired in the store as well. */
  #skipTo(restoration: Restoration, logStart: number): void {
    this.#warnOfGap(restoration, `its records from ${restoration.position} to ${logStart} are gone from the changelog`)
    restoration.position = logStart
  }

  #warnOfGap({ managed, changelog, key, facts }: Restoration, gap: string): void {
    this.#options.logger.warn(
      { taskId: managed.task.id, store: changelog.store, changelog: key, logStart: facts.logStart },
      `the store goes on where its changelog begins: ${gap}`,
    )
  }

  /** From the start of the changelog; the store is empty in between, and its marker says so. */
  async #rebuild(restoration: Restoration, reason: string): Promise<void> {
    const { managed, changelog, key, facts } = restoration
    const nowMs = this.#options.clock.now()
    this.#options.logger.warn(
      { taskId: managed.task.id, store: changelog.store, changelog: key },
      `the store is rebuilt from its changelog: ${reason}`,
    )
    // First, so that where the disk refuses nothing looks as if it were done.
    await managed.task.clear(changelog.store, markerAt(managed, changelog, facts.logStart, nowMs))
    restoration.start = facts.logStart
    restoration.position = facts.logStart
    restoration.completeAtMs = nowMs
    restoration.isRebuild = true
  }

  #partitionOf(error: unknown): Restoration | undefined {
    if (typeof error !== 'object' || error === null || !('topic' in error) || !('partition' in error)) return undefined
    return this.#active.get(topicPartitionKey(String(error.topic), Number(error.partition)))
  }

  /** What the engine did not take is fetched again: the fetcher stands behind it already. */
  async #applyAll(sets: readonly RecordSet[]): Promise<void> {
    try {
      for (const set of sets) await this.#apply(set)
    } catch (error) {
      for (const { key, position } of this.#active.values()) this.#fetcher.seek(key, position)
      throw error
    }
  }

  async #apply(set: RecordSet): Promise<void> {
    const key = topicPartitionKey(set.topic, set.partition)
    const restoration = this.#active.get(key)
    if (restoration === undefined) return
    const { managed, changelog } = restoration
    restoration.restored += await managed.task.restore(
      changelog.store,
      set,
      markerAt(managed, changelog, set.nextOffset, this.#options.clock.now()),
    )
    restoration.position = set.nextOffset
    if (restoration.position < restoration.facts.end) this.#report(restoration, false)
  }

  /** Judged again: a replay that took long may have missed tombstones that were removed meanwhile. */
  async #finish(restoration: Restoration): Promise<void> {
    const { facts, completeAtMs, start, isRebuild } = restoration
    const nowMs = this.#options.clock.now()
    if (!isRebuild && isTooOld(completeAtMs, start, facts, nowMs)) {
      await this.#rebuild(restoration, tombstonesGone(facts, nowMs - completeAtMs))
      this.#fetcher.seek(restoration.key, restoration.position)
      return
    }
    this.#active.delete(restoration.key)
    this.#assign()
    this.#report(restoration, true)
  }

  #report({ managed, changelog, restored, start, facts, beganMs }: Restoration, done: boolean): void {
    const progress = {
      taskId: managed.task.id,
      store: changelog.store,
      restored,
      total: Math.max(0, facts.end - start),
      done,
    }
    if (done && restored > 0) {
      this.#options.logger.info(progress, 'store restored from its changelog')
      this.#options.onRestored?.(this.#options.clock.now() - beganMs)
    }
    this.#options.onProgress(progress)
  }

  #assign(): void {
    this.#fetcher.assign(new Map([...this.#active].map(([key, { position }]) => [key, position])))
  }
}

/** The time stays that of the last complete state, so that an interrupted replay is judged by it. */
function markerAt(managed: ManagedTask, changelog: TaskChangelog, offset: number, nowMs: number): Marker {
  const before = managed.state.marker ?? { ...emptyMarker, committedAtMs: nowMs }
  return {
    ...before,
    changelog: { ...before.changelog, [keyOf(changelog)]: offset },
    layouts: { ...before.layouts, [changelog.store]: changelog.layout },
  }
}

function keyOf({ topic, partition }: TaskChangelog): TopicPartitionKey {
  return topicPartitionKey(topic, partition)
}

function at({ topic, partition }: TaskChangelog, timestamp: number): TopicPartition & { timestamp: number } {
  return { topic, partition, timestamp }
}
