/**
 * Throughput of the test driver: `pipeInput` record by record, output read away every 10,000 records. The count job is
 * that of Java's program (Kafka Streams' own driver: 95,000 to 134,000 records/s on the machine of its figures).
 *
 *     node test/bench/driver.bench.ts [records]
 */
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts'

const records = Number(process.argv[2] ?? 500_000)
const keys = 10_000
const rounds = 5

const input = { key: serdes.string, value: serdes.string }

const jobs: Readonly<Record<string, (builder: StreamsBuilder) => void>> = {
  'filter, mapValues, to': (b) =>
    b
      .stream('in', input)
      .filter((value) => value.length > 0)
      .mapValues((value) => value.toUpperCase())
      .to('out', input),
  count: (b) => b.stream('in', input).groupByKey().count({ store: 'counts' }).toStream().to('out'),
}

function run(define: (builder: StreamsBuilder) => void): { perSecond: number; perCpuSecond: number } {
  const builder = new StreamsBuilder()
  define(builder)
  const driver = new TopologyTestDriver(builder.build(), { applicationId: 'bench' })
  const topic = driver.createInputTopic('in', serdes.string, serdes.string)
  const out = driver.createOutputTopic('out', serdes.string, serdes.bytes)
  const value = 'v'.repeat(80)
  let seed = 42
  let from = process.cpuUsage()
  let start = process.hrtime.bigint()
  // A fifth as warm-up, as Java's program.
  for (let i = -Math.floor(records / 5); i < records; i++) {
    if (i === 0) {
      from = process.cpuUsage()
      start = process.hrtime.bigint()
    }
    seed ^= seed << 13
    seed ^= seed >>> 17
    seed ^= seed << 5
    const key = `key-${String((seed >>> 0) % keys).padStart(6, '0')}`
    topic.pipeInput({ key, value: `${value}${i}`, timestamp: 1_700_000_000_000 + i })
    if (i % 10_000 !== 0) continue
    out.readRecords()
    driver.producedRecords()
  }
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  const { user, system } = process.cpuUsage(from)
  driver.close()
  return { perSecond: records / seconds, perCpuSecond: (records * 1e6) / (user + system) }
}

console.log(`node ${process.version}, ${records} records per round, thousand records per second (per CPU-second)`)
for (const [name, define] of Object.entries(jobs)) {
  const results = Array.from({ length: rounds }, () => run(define))
  const figures = results.map((r) => `${Math.round(r.perSecond / 1000)} (${Math.round(r.perCpuSecond / 1000)})`)
  console.log(`${name.padEnd(24)} ${figures.join('  ')}`)
}
