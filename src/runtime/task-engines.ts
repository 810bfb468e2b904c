/** Which engine keeps the state of a task, and where. */
import type { StateEngine, TaskState } from '../state/state-engine.ts'
import type { StoreSpec } from '../processor/store-builder.ts'

export interface TaskEnginesOptions {
  readonly memory: StateEngine
  readonly persistent: StateEngine
  /** The instance's place on disk; without one everything is kept in memory. */
  readonly directory: string | undefined
  /** For stores that do not say (StreamsConfig.store). */
  readonly store: 'persistent' | 'memory'
}

export class TaskEngines {
  readonly #options: TaskEnginesOptions

  constructor(options: TaskEnginesOptions) {
    this.#options = options
  }

  /** All stores of a task are one atomic unit, so one that is persistent makes the others so. */
  async open(
    taskId: string,
    { stores }: { readonly stores: readonly { readonly spec: StoreSpec }[] },
  ): Promise<{ readonly state: TaskState; readonly directory: string | undefined }> {
    const { memory, persistent, store, directory: place } = this.#options
    const isPersistent = stores.some(({ spec }) => spec.persistent ?? store === 'persistent')
    const directory = isPersistent && place !== undefined ? `${place}/${taskId}` : undefined
    const engine = directory === undefined ? memory : persistent
    return { state: await engine.open(taskId, directory), directory }
  }
}
