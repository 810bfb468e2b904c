/**
 * What a thread looks after now and then, between two steps of its loop: that its slot is still its own, that the topics
 * are those of the assignment, that state of tasks which moved elsewhere is removed. It knows which tasks have state here.
 */
import type { Logger } from '../common/logger.ts'
import type { Conflicts } from './conflicts.ts'
import { cleanUpDelayMs, cleanUpTasks } from './task-directories.ts'
import type { ThreadOptions } from './thread-options.ts'
import type { ThreadParts } from './thread-parts.ts'

/** Two processes that write one state directory would destroy it. */
const slotCheckMs = 10_000

type HousekeepingOptions = Pick<ThreadOptions, 'identity' | 'fileSystem' | 'clock' | 'localTasks'>

export class Housekeeping {
  readonly #options: HousekeepingOptions
  readonly #logger: Logger
  readonly #conflicts: Conflicts
  readonly #localTasks: Set<string>
  readonly #toldOf = new Set<string>()
  #slotCheckedMs: number
  #cleanedUpMs: number

  constructor(options: HousekeepingOptions, logger: Logger, conflicts: Conflicts) {
    this.#options = options
    this.#logger = logger
    this.#conflicts = conflicts
    this.#localTasks = new Set(options.localTasks)
    this.#slotCheckedMs = options.clock.now()
    this.#cleanedUpMs = options.clock.now()
  }

  /** Tasks with state on this disk, owned or not. */
  get localTasks(): readonly string[] {
    return [...this.#localTasks]
  }

  noteOpened(tasks: readonly string[]): void {
    if (this.#options.identity.directory === undefined) return
    for (const task of tasks) this.#localTasks.add(task)
  }

  /** Throws when another process has taken the slot. */
  async checkSlot(): Promise<void> {
    const nowMs = this.#options.clock.now()
    if (nowMs - this.#slotCheckedMs < slotCheckMs) return
    this.#slotCheckedMs = nowMs
    await this.#conflicts.requireSlot()
  }

  /** Only where no task is being opened. Throws when a topic was deleted, or one that is read made anew. */
  async tidy(parts: Pick<ThreadParts, 'watch' | 'group' | 'tasks' | 'collector'>): Promise<void> {
    this.#checkTopics(parts)
    await this.#cleanUp(parts)
  }

  #checkTopics({ watch, group, collector }: Pick<ThreadParts, 'watch' | 'group' | 'collector'>): void {
    watch.check(this.#options.clock.now())
    const change = watch.take()
    if (change === undefined) return
    if ('error' in change) throw change.error
    if (change.kind === 'resized') {
      this.#logger.info(change, 'an output topic changed; its records go by its new partition count')
      return collector.resize(change.metadata)
    }
    this.#logger.info(change, 'a topic changed; the group is asked to plan its tasks again')
    group.requestRejoin(`topic ${change.topic} ${change.kind}`)
  }

  async #cleanUp({ tasks }: Pick<ThreadParts, 'tasks'>): Promise<void> {
    const { clock, identity, fileSystem } = this.#options
    const nowMs = clock.now()
    if (identity.directory === undefined || nowMs - this.#cleanedUpMs < cleanUpDelayMs) return
    this.#cleanedUpMs = nowMs
    const keep = new Set(tasks.taskIds)
    const options = { keep, olderThanMs: cleanUpDelayMs, nowMs, toldOf: this.#toldOf, fileSystem, logger: this.#logger }
    try {
      for (const task of await cleanUpTasks(identity.directory, options)) this.#localTasks.delete(task)
    } catch (error) {
      this.#logger.warn({ err: error }, 'state of tasks that run elsewhere could not be removed; it is tried again')
    }
  }
}
