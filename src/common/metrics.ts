/**
 * Metrics are plain numbers that their owners increment (`counter.value++`, a few nanoseconds); reading walks the
 * registry. Names are those of Kafka Streams without the group: `dropped-records-total`.
 */
export interface Counter {
  value: number
}

export type Tags = Readonly<Record<string, string>>

interface Metric {
  readonly name: string
  readonly group: string
  readonly tags: Tags
  readonly read: () => number
}

export class MetricsRegistry {
  readonly #metrics = new Set<Metric>()

  /** `group` is Kafka Streams': `stream-task-metrics`; tags likewise: `task-id`, `thread-id`, … */
  counter(group: string, name: string, tags: Tags = {}): Counter & Disposable {
    const counter = { value: 0 }
    const disposable = this.gauge(group, name, tags, () => counter.value)
    return Object.assign(counter, { [Symbol.dispose]: () => disposable[Symbol.dispose]() })
  }

  gauge(group: string, name: string, tags: Tags, read: () => number): Disposable {
    const metric: Metric = { group, name, tags, read }
    this.#metrics.add(metric)
    return { [Symbol.dispose]: () => void this.#metrics.delete(metric) }
  }

  /** The sum over all metrics of that name whose tags include `tags`; undefined when there is none. */
  get(name: string, tags: Tags = {}): number | undefined {
    let sum: number | undefined
    for (const metric of this.#metrics) {
      if (metric.name !== name || !includes(metric.tags, tags)) continue
      sum = (sum ?? 0) + metric.read()
    }
    return sum
  }

  *[Symbol.iterator](): IterableIterator<{ group: string; name: string; tags: Tags; value: number }> {
    for (const { group, name, tags, read } of this.#metrics) yield { group, name, tags, value: read() }
  }
}

function includes(tags: Tags, wanted: Tags): boolean {
  return Object.entries(wanted).every(([name, value]) => tags[name] === value)
}
