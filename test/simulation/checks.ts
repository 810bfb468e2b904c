/** What must hold when a run is over, by the brokers' logs alone. */
import type { Fault } from './faults.ts'
import type { LogRecord } from './log-model.ts'
import type { Scenario } from './scenario.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'

/** How often each word was put in. */
export type Truth = ReadonlyMap<string, number>

export function checkRun(cluster: SimulatedCluster, scenario: Scenario, truth: Truth): string[] {
  const { workload, guarantee } = scenario
  const exact = guarantee === 'exactly_once'
  const copies = workload.copyTopic === undefined ? [] : checkCopy(cluster, workload.copyTopic, exact)
  const partitions = (topic: string): (readonly LogRecord[])[] =>
    cluster.partitionsOf(topic).map((partition) => cluster.read(topic, partition).committed)
  const read = (topic: string): LogRecord[] => partitions(topic).flat()
  if (!exact && mayMakeZombies(scenario)) return copies
  return [
    ...checkCounts(cluster, workload.countTopic, truth, exact),
    ...checkChangelog(cluster, workload.changelog, truth, exact),
    ...copies,
    ...(workload.more?.check({ read, partitions }, exact) ?? []),
  ]
}

const harmlessWithoutTransactions: ReadonlySet<Fault['kind']> = new Set([
  'cut-before',
  'cut-after',
  'duplicate',
  'crash',
  'close',
  'move-leaders',
  'move-coordinators',
  'stop-node',
  'start-another',
  'finalize',
  'disk-full',
])

/**
 * Without transactions nothing keeps an owner of old from writing to the changelog behind the new owner's back, nor its
 * OffsetCommit from arriving late; a store that is restored from there counts less than the truth. This is documented, as it is for Kafka Streams.
 */
export function mayMakeZombies({ faults }: Scenario): boolean {
  return faults.some(({ fault }) => !harmlessWithoutTransactions.has(fault.kind))
}

/** Strictly rising per word, up to the truth. */
function checkCounts(cluster: SimulatedCluster, topic: string, truth: Truth, exact: boolean): string[] {
  const violations: string[] = []
  const last = new Map<string, number>()
  for (const partition of cluster.partitionsOf(topic)) {
    for (const { offset, key, value } of cluster.read(topic, partition).committed) {
      const word = key ?? ''
      const count = Number(value?.readBigInt64BE() ?? -1n)
      const before = last.get(word) ?? 0
      if (exact && count <= before) {
        violations.push(`${topic}-${partition} at ${offset}: '${word}' is ${count} after it was ${before}`)
      }
      last.set(word, exact ? count : Math.max(count, before))
    }
  }
  return [...violations, ...compare(`the last count in ${topic}`, last, truth, exact)]
}

/** The last value of every key: what an instance without state would restore. */
function checkChangelog(cluster: SimulatedCluster, topic: string, truth: Truth, exact: boolean): string[] {
  const content = new Map<string, number>()
  for (const partition of cluster.partitionsOf(topic)) {
    for (const { key, value } of cluster.read(topic, partition).committed) {
      content.set(key ?? '', Number(value?.readBigInt64BE(value.length - 8) ?? -1n))
    }
  }
  return compare(`the changelog ${topic}`, content, truth, exact)
}

function compare(what: string, found: Truth, truth: Truth, exact: boolean): string[] {
  return [...truth].flatMap(([word, count]) => {
    const is = found.get(word) ?? 0
    return is < count || (exact && is > count) ? [`${what} of '${word}' is ${is}, and should be ${count}`] : []
  })
}

/** The same records in the same order per key; without transactions some of them may be there again. */
function checkCopy(cluster: SimulatedCluster, topic: string, exact: boolean): string[] {
  const copies = valuesByKey(cluster, topic)
  return [...valuesByKey(cluster, 'in')].flatMap(([key, input]) => {
    const output = copies.get(key) ?? []
    if (exact)
      return output.join() === input.join() ? [] : [`${topic} of '${key}': ${output.join()} of ${input.join()}`]
    return input.every((value) => output.includes(value)) ? [] : [`${topic} lacks records of '${key}'`]
  })
}

function valuesByKey(cluster: SimulatedCluster, topic: string): Map<string, string[]> {
  const values = new Map<string, string[]>()
  for (const partition of cluster.partitionsOf(topic)) {
    for (const { key, value } of cluster.read(topic, partition).committed) {
      const list = values.get(key ?? '') ?? []
      list.push(value?.toString() ?? '')
      values.set(key ?? '', list)
    }
  }
  return values
}
