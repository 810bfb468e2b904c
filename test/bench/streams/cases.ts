/** What is measured: workloads, their input, and the configurations in which Java runs beside ours. */

export type Guarantee = 'exactly_once_v2' | 'at_least_once'

export interface BenchCase {
  readonly kind: 'throughput' | 'latency' | 'startup'
  readonly name: string
  readonly workload: 'passthrough' | 'map' | 'count' | 'window' | 'rekey' | 'join-st' | 'join-ss'
  /** Topics, with commas between them. */
  readonly input: 'in-10k' | 'in-1m' | 'in-1' | 'in-10k,table-10k' | 'ss-left,ss-right' | 'latency'
  readonly guarantee: Guarantee
  /** Arguments of both sides. */
  readonly settings: readonly string[]
  /** Arguments of Java alone, by the name of the configuration; the first one is its default. */
  readonly java: Readonly<Record<string, readonly string[]>>
}

const guarantees: readonly Guarantee[] = ['exactly_once_v2', 'at_least_once']
const stateless = { default: [], '2 threads': ['threads=2'] }
const stateful = {
  default: ['store=rocks'],
  'in memory': ['store=mem'],
  'in memory, no cache': ['store=mem', 'cache=0'],
}

const throughput = guarantees.flatMap((guarantee): BenchCase[] => {
  const made = { kind: 'throughput', guarantee, settings: [] } as const
  const suffix = guarantee === 'exactly_once_v2' ? 'exactly once' : 'at least once'
  return [
    { ...made, name: `passthrough, ${suffix}`, workload: 'passthrough', input: 'in-10k', java: stateless },
    { ...made, name: `map, ${suffix}`, workload: 'map', input: 'in-10k', java: stateless },
    { ...made, name: `count of 10,000 keys, ${suffix}`, workload: 'count', input: 'in-10k', java: stateful },
    { ...made, name: `count of 1,000,000 keys, ${suffix}`, workload: 'count', input: 'in-1m', java: stateful },
    { ...made, name: `rekey, ${suffix}`, workload: 'rekey', input: 'in-10k', java: stateful },
    { ...made, name: `windowed count, ${suffix}`, workload: 'window', input: 'in-10k', java: stateful },
    {
      ...made,
      name: `join with a table, ${suffix}`,
      workload: 'join-st',
      input: 'in-10k,table-10k',
      java: stateful,
    },
    {
      ...made,
      name: `join of streams, ${suffix}`,
      workload: 'join-ss',
      input: 'ss-left,ss-right',
      java: { default: ['store=rocks'], 'in memory': ['store=mem'] },
    },
  ]
})

const latency = [100, 20].map((intervalMs): BenchCase => ({
  kind: 'latency',
  name: `latency at ${intervalMs} ms`,
  workload: 'count',
  input: 'latency',
  guarantee: 'exactly_once_v2',
  settings: [`commit=${intervalMs}`],
  java: { 'in memory': ['store=mem'] },
}))

const startup = (['passthrough', 'count'] as const).map((workload): BenchCase => ({
  kind: 'startup',
  name: `startup, ${workload}`,
  workload,
  input: 'in-1',
  guarantee: 'exactly_once_v2',
  settings: [],
  java: { 'in memory': workload === 'count' ? ['store=mem'] : [] },
}))

export const cases: readonly BenchCase[] = [...throughput, ...latency, ...startup]
