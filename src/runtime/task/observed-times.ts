/**
 * The times that the nodes of a task have seen, by node name. They belong to the task's state: what is committed comes
 * back after a rollback and a restart.
 */
import type { ObservedTime } from '../../processor/operator.ts'

type Times = Readonly<Record<string, number>>

export class ObservedTimes {
  readonly #times = new Map<string, ObservedTime>()
  #frozen: Times
  #committed: Times

  /** As the marker has them. */
  constructor(committed: Times = {}) {
    this.#committed = committed
    this.#frozen = committed
    this.#restore(committed)
  }

  of(node: string): ObservedTime {
    let time = this.#times.get(node)
    if (time === undefined) {
      time = { ms: -1 }
      this.#times.set(node, time)
    }
    return time
  }

  /** Since the last freeze. */
  get hasMoved(): boolean {
    for (const [node, { ms }] of this.#times) if (ms >= 0 && ms !== this.#frozen[node]) return true
    return false
  }

  /** What the next commit has: by node, those that have seen anything. */
  freeze(): Times {
    const values: Record<string, number> = {}
    for (const [node, { ms }] of this.#times) if (ms >= 0) values[node] = ms
    this.#frozen = values
    return values
  }

  /** The engine has what was frozen. */
  release(): void {
    this.#committed = this.#frozen
  }

  /** `keepFrozen`: the transaction of what was frozen has succeeded. */
  rollback(keepFrozen: boolean): void {
    if (!keepFrozen) this.#frozen = this.#committed
    this.#restore(this.#frozen)
  }

  /** The objects stay: operators hold them. */
  #restore(values: Times): void {
    for (const time of this.#times.values()) time.ms = -1
    for (const [node, ms] of Object.entries(values)) this.of(node).ms = ms
  }
}
