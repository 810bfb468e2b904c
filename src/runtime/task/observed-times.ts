/**
 * The times that the nodes of a task have seen, by node name. They belong to the task's state: what is committed comes
 * back after a rollback and a restart.
 */
import type { ObservedTime } from '../../processor/operator.ts'

export class ObservedTimes {
  readonly #times = new Map<string, ObservedTime>()

  of(node: string): ObservedTime {
    let time = this.#times.get(node)
    if (time === undefined) {
      time = { ms: -1 }
      this.#times.set(node, time)
    }
    return time
  }

  /** By node, those that have seen anything. */
  values(): Record<string, number> {
    const values: Record<string, number> = {}
    for (const [node, { ms }] of this.#times) if (ms >= 0) values[node] = ms
    return values
  }

  /** Nodes that are not named have seen nothing. */
  restore(values: Readonly<Record<string, number>>): void {
    for (const [node, time] of this.#times) time.ms = values[node] ?? -1
    for (const [node, ms] of Object.entries(values)) this.of(node).ms = ms
  }
}
