/**
 * Throughput of the test driver beside Java's, in turn, each run in a process of its own: `pipeInput` record by record,
 * output read away every 10,000 records, a fifth of the records as warm-up.
 *
 *     node test/bench/driver/driver.bench.ts [records] [rounds]     default 500,000 and 5
 *
 * Java's side needs a JDK and a folder with the jars of kafka-streams-test-utils 4.3.1 in KAFKA_STREAMS_LIB (the pom is in
 * test/bench/README.md); without them only ours is measured.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { joinWithin, tumbling } from '../../../src/dsl/windows.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'

interface Run {
  readonly wallMs: number
  readonly cpuMs: number
}

interface Input {
  readonly key: string
  readonly value: string
}

const keys = 10_000
const input = { key: serdes.string, value: serdes.string }
const sideKeys = 1000

interface Job {
  readonly counts?: true
  /** So many records go to the topic `side` before the clock starts. */
  readonly preloaded?: number
  /** Every other record goes to the topic `side`. */
  readonly alternates?: true
  readonly build: (b: StreamsBuilder) => void
}

/** Text of the record, with the number at its end. */
function sideKeyOf(value: string): string {
  return `side-${value.slice(-3)}`
}

const joined = (left: string, right: string): string => left + right.slice(0, 8)

const jobs: Readonly<Record<string, Job>> = {
  map: {
    build: (b) =>
      b
        .stream('in', input)
        .filter((value) => value.length > 0)
        .mapValues((value) => value.toUpperCase())
        .to('out', input),
  },
  count: {
    counts: true,
    build: (b) => b.stream('in', input).groupByKey().count({ store: 'counts' }).toStream().to('out'),
  },
  tumbling: {
    counts: true,
    build: (b) =>
      b
        .stream('in', input)
        .groupByKey()
        .windowedBy(tumbling({ size: '10s' }))
        .count({ store: 'counts' })
        .toStream((_, { key }) => key)
        .to('out', { key: serdes.string }),
  },
  'stream-table': {
    preloaded: keys,
    build: (b) => b.stream('in', input).join(b.table('side', input), joined).to('out', input),
  },
  'stream-stream': {
    alternates: true,
    build: (b) =>
      b
        .stream('in', input)
        .join(b.stream('side', input), joined, joinWithin({ difference: '5s' }))
        .to('out', input),
  },
  'foreign key': {
    preloaded: sideKeys,
    build: (b) =>
      b
        .table('in', input)
        .joinOn(b.table('side', input), sideKeyOf, joined, { value: serdes.string })
        .toStream()
        .to('out', input),
  },
}

function run({ build, counts, preloaded = 0, alternates }: Job, records: number): Run {
  const builder = new StreamsBuilder()
  build(builder)
  const driver = new TopologyTestDriver(builder.build(), { applicationId: 'bench' })
  const main = driver.createInputTopic('in', serdes.string, serdes.string)
  const side =
    preloaded > 0 || alternates === true ? driver.createInputTopic('side', serdes.string, serdes.string) : main
  const output = counts
    ? driver.createOutputTopic('out', serdes.string, serdes.int64)
    : driver.createOutputTopic('out', serdes.string, serdes.string)
  const inputs = makeInputs()
  for (let i = 0; i < preloaded; i++)
    side.pipeInput({ key: sideKey(preloaded, i), value: `side value ${i}`, timestamp: 0 })
  let cpu = process.cpuUsage()
  let wall = performance.now()
  for (let i = -Math.floor(records / 5); i < records; i++) {
    if (i === 0) {
      cpu = process.cpuUsage()
      wall = performance.now()
    }
    const { key, value } = inputs[(i + records) % inputs.length] as Input
    const topic = alternates === true && i % 2 === 0 ? side : main
    topic.pipeInput({ key, value, timestamp: 1_700_000_000_000 + records + i })
    if (i % 10_000 === 0) output.readRecords()
  }
  const wallMs = performance.now() - wall
  const { user, system } = process.cpuUsage(cpu)
  driver.close()
  return { wallMs, cpuMs: (user + system) / 1000 }
}

/** Those of the stream, or those that the ends of values name. */
function sideKey(count: number, i: number): string {
  return count === keys ? `key-${String(i).padStart(6, '0')}` : `side-${String(i).padStart(3, '0')}`
}

/** Made before the clock starts, on both sides, and piped again and again: making text is not what is measured. */
function makeInputs(): Input[] {
  let seed = 42
  return Array.from({ length: 50_000 }, (_, i) => {
    seed ^= seed << 13
    seed ^= seed >>> 17
    seed ^= seed << 5
    return {
      key: `key-${String((seed >>> 0) % keys).padStart(6, '0')}`,
      value: `${'v'.repeat(80)}${String(i).padStart(5, '0')}`,
    }
  })
}

function child(command: string, args: readonly string[]): Run {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Run
}

function compare(records: number, rounds: number): void {
  const lib = process.env['KAFKA_STREAMS_LIB']
  const classes = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  try {
    const source = new URL('DriverBench.java', import.meta.url).pathname
    if (lib !== undefined) spawnSync('javac', ['-cp', `${lib}/*`, '-d', classes, source], { stdio: 'inherit' })
    console.log(`node ${process.version}, ${records} records; thousand records per second, in brackets per CPU-second`)
    for (const job of Object.keys(jobs)) {
      const all: Record<string, Run[]> = { millrace: [], ...(lib !== undefined && { Java: [] }) }
      for (let round = 0; round < rounds; round++) {
        all['millrace']?.push(
          child(process.execPath, ['--no-warnings', import.meta.filename, '--one', job, String(records)]),
        )
        const java = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=off', '-Xmx2g', '-cp', `${lib}/*:${classes}`]
        all['Java']?.push(child('java', [...java, 'DriverBench', job, String(records)]))
      }
      for (const [who, runs] of Object.entries(all)) {
        const figures = runs.map((r) => `${Math.round(records / r.wallMs)} (${Math.round(records / r.cpuMs)})`)
        console.log(`${job.padEnd(13)} ${who.padEnd(9)} ${figures.join('  ')}`)
      }
    }
  } finally {
    rmSync(classes, { recursive: true, force: true })
  }
}

const [first = '500000', second = '5', third = ''] = process.argv.slice(2)
if (first === '--one') console.log(JSON.stringify(run(jobs[second] as Job, Number(third))))
else compare(Number(first), Number(second))
