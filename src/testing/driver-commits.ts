/**
 * What a test driver commits, and when: everything after each record, without transactions, since topics and state are in
 * memory. A commit of production is in src/runtime/commit.ts.
 */
import { assert } from '../common/assert.ts'
import type { FrozenOverlay, StreamTask } from '../runtime/task/stream-task.ts'
import { emptyMarker } from '../state/state-engine.ts'
import type { DriverSetting, DriverTasks } from './driver-tasks.ts'

/** Nobody sees when uncommitted state moves into the engine, so it need not be after each of many records. */
const engineCommitBytes = 16 * 1024 * 1024

export class DriverCommits {
  readonly #setting: DriverSetting
  readonly #tasks: DriverTasks

  constructor(setting: DriverSetting, tasks: DriverTasks) {
    this.#setting = setting
    this.#tasks = tasks
  }

  /** What the task did with a record; also the state of the global stores, when a record has gone to one of their topics. */
  commit(task: StreamTask): void {
    task.flush(Infinity)
    this.updateGlobalStores()
    this.#setting.topics.commit()
    if (task.uncommittedBytes + task.frozenBytes > engineCommitBytes) this.#commitEngine(task)
    else if (this.#setting.progress.noteCommit()) this.#freeze(task)
  }

  /** Lets the global stores take what was written to their topics. */
  updateGlobalStores(): void {
    const { global } = this.#tasks
    if (global === undefined) return
    while (global.process(Infinity)) this.#commitGlobalStores()
    if (this.#setting.progress.canUndo) this.#commitGlobalStores()
  }

  /** Everything goes into the engine. */
  commitAll(): void {
    for (const task of this.#tasks.all) this.#commitEngine(task)
    this.#commitGlobalStores()
  }

  /** What was committed goes into the engine, and what a record did before it failed does not. */
  commitWithoutFailed(): void {
    for (const task of this.#tasks.all) {
      task.rollback({ keepFrozen: true, abruptly: true })
      this.#commitEngine(task, task.freeze())
    }
  }

  /** What the task has done by now is told from what it does from now on. */
  #freeze(task: StreamTask): FrozenOverlay {
    const positions = task.positions(() => undefined)
    this.#setting.progress.commit(positions)
    return task.freeze(positions)
  }

  #commitEngine(task: StreamTask, frozen: FrozenOverlay = this.#freeze(task)): void {
    const { streamTimes, counters } = frozen
    task.commitEngineNow(frozen, { ...emptyMarker, streamTimes, counters, committedAtMs: this.#setting.clock.now() })
  }

  #commitGlobalStores(): void {
    const task = this.#tasks.global
    const pending = task?.commit(task.freeze(), { ...emptyMarker, committedAtMs: this.#setting.clock.now() })
    assert(pending === undefined, 'the engine commits at once')
  }
}
