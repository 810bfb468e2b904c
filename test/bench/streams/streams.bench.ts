/**
 * millrace beside Java's Kafka Streams on one real broker: the same topics, the same configuration, each run in a process
 * of its own, ours and Java's in turn, round by round. Every output is checked.
 *
 *     node test/bench/streams/streams.bench.ts [--rounds 3] [--records 5000000] [--only 'regular expression']
 *         [--ours] [--raw file.jsonl] [--report file.jsonl]
 *
 * `--ours` leaves Java out; `--raw` keeps every result and goes on where the file ends; `--report` only prints the tables
 * of such a file. BOOTSTRAP (host:port) takes a broker that runs already instead of starting one.
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startKafka, whatRealKafkaLacks } from '../../support/real-kafka.ts'
import { cases, type BenchCase } from './cases.ts'
import { checkOutput } from './check-output.ts'
import { JavaSide, start } from './java-side.ts'
import { report, type BenchRun } from './report.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    records: { type: 'string', default: '5000000' },
    only: { type: 'string', default: '' },
    ours: { type: 'boolean', default: false },
    raw: { type: 'string' },
    report: { type: 'string' },
  },
})
const records = Number(values.records)
/** Of the table that a stream is joined with: one for each key. */
const tableRows = 10_000
const ours = [process.execPath, '--no-warnings', join(import.meta.dirname, 'app.mjs')]
const raw = values.raw
const runs: BenchRun[] = raw !== undefined && existsSync(raw) ? readRuns(raw) : []

interface Broker {
  readonly port: number
  readonly pid: number | undefined
  stop(): Promise<void>
}

function readRuns(file: string): BenchRun[] {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as BenchRun)
}

async function startBroker(): Promise<Broker> {
  const given = process.env['BOOTSTRAP']
  if (given !== undefined) {
    return { port: Number(given.split(':').at(-1)), pid: undefined, stop: () => Promise.resolve() }
  }
  const kafka = await startKafka({ bench: true, heap: '2g' })
  const [broker] = kafka.brokers
  return { port: broker?.port ?? 0, pid: broker?.pid, stop: () => kafka.stop() }
}

/** The topics of the workloads; the arguments are those of the README. */
async function fill(java: JavaSide, wanted: readonly BenchCase[]): Promise<void> {
  const topics: Readonly<Record<string, readonly string[]>> = {
    'in-10k': ['4', String(records), '10000', '100', '42'],
    'in-1m': ['4', String(records), '1000000', '100', '42'],
    'in-1': ['4', '1', '1', '100', '42'],
    'table-10k': ['4', String(tableRows), '10000', '100', '7', 'dist=seq', 'base=1600000000000'],
    'ss-left': ['4', String(records / 2), '10000', '100', '42'],
    'ss-right': ['4', String(records / 2), '10000', '100', '43'],
  }
  for (const [topic, args] of Object.entries(topics)) {
    if (!wanted.some(({ input }) => input.split(',').includes(topic))) continue
    // A broker that is used again has it already.
    await start(java.command, ['gen', topic, ...args]).output.catch(() => console.log(`${topic} is there already`))
  }
}

/** One run of one side; `program` takes the arguments of StreamsBench. */
async function measure(
  one: BenchCase,
  program: readonly string[],
  extra: readonly string[],
  java: JavaSide,
): Promise<BenchRun['result']> {
  const id = `b${Date.now()}`
  const out = `${id}-out`
  const call = (...args: string[]): Promise<string> => start(java.command, args).output
  await call('create', out, '4')
  const input = one.kind === 'latency' ? `${id}-in` : one.input
  const read = records + (one.workload === 'join-st' ? tableRows : 0)
  const n = { throughput: read, latency: 25_000, startup: 1 }[one.kind]
  const settings = [
    `app=${id}`,
    `in=${input}`,
    `out=${out}`,
    `n=${n}`,
    `guarantee=${one.guarantee}`,
    ...one.settings,
    ...extra,
  ]
  const args = ['run', one.workload, ...settings]
  try {
    if (one.kind === 'throughput') {
      const result = resultOf(await start(program, args).output)
      await checkOutput(broker.port, one, out, records)
      return result
    }
    if (one.kind === 'latency') {
      await call('create', input, '4')
      const app = start(program, args)
      await sleep(7000)
      const probe = resultOf(await call('probe', input, out))
      const { steadyCpuS, maxRssMb } = resultOf(await app.output)
      return { ...probe, steadyCpuS: steadyCpuS ?? null, maxRssMb: maxRssMb ?? null }
    }
    const watcher = start(java.command, ['await', out])
    await sleep(2500)
    const launchedMs = Date.now()
    const result = resultOf(await start(program, [...args, 'idle=8']).output)
    const seenMs = Number((await watcher.output).trim().split(' ')[1])
    return { ...result, launchToFirstOutputMs: seenMs - launchedMs }
  } finally {
    await call('drop', id)
    rmSync(stateDir, { recursive: true, force: true })
  }
}

function resultOf(output: string): BenchRun['result'] {
  const line = output.split('\n').find((candidate) => candidate.startsWith('RESULT '))
  if (line === undefined) throw new Error(`no result in: ${output}`)
  return JSON.parse(line.slice('RESULT '.length)) as BenchRun['result']
}

async function runOnce(
  one: BenchCase,
  side: string,
  extra: readonly string[],
  round: number,
  java: JavaSide,
): Promise<void> {
  const known = runs.filter((run) => run.name === one.name && run.side === side).length
  if (known > round) return
  const result = await measure(one, side === 'millrace' ? ours : java.command, extra, java)
  const run = { name: one.name, kind: one.kind, side, result }
  runs.push(run)
  if (raw !== undefined) appendFileSync(raw, `${JSON.stringify(run)}\n`)
  const { recordsPerCpuS, secondHalfRecordsPerCpuS, recordsPerS, otherCpuS, p99Ms, launchToFirstOutputMs } = result
  const figures = { recordsPerCpuS, secondHalfRecordsPerCpuS, recordsPerS, otherCpuS, p99Ms, launchToFirstOutputMs }
  console.log(`${round + 1} ${one.name} | ${side} | ${JSON.stringify(figures)}`)
}

async function runAll(): Promise<void> {
  const wanted = cases.filter(({ name }) => new RegExp(values.only).test(name))
  const java = await JavaSide.create()
  await fill(java, wanted)
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const one of wanted) {
      const others = values.ours
        ? []
        : Object.entries(one.java).map(([name, extra]) => [`Java, ${name}`, extra] as const)
      for (const [side, extra] of [['millrace', []] as const, ...others]) await runOnce(one, side, extra, round, java)
    }
  }
  console.log(`\n${java.version}; node ${process.version}; ${cpus()[0]?.model} x${cpus().length}; ${records} records\n`)
  console.log(report(runs))
}

const lacks = values.report === undefined ? await whatRealKafkaLacks() : undefined
if (values.report !== undefined) {
  console.log(report(readRuns(values.report)))
  process.exit(0)
}
if (lacks !== undefined) throw new Error(lacks)
const { status } = spawnSync(process.execPath, [join(import.meta.dirname, '../../../scripts/build.mjs')], {
  stdio: 'inherit',
})
if (status !== 0) throw new Error('the sources do not compile')
const stateDir = mkdtempSync(join(tmpdir(), 'millrace-bench-state-'))
const broker = await startBroker()
try {
  process.env['BOOTSTRAP'] = `127.0.0.1:${broker.port}`
  process.env['STATE_DIR'] = stateDir
  if (broker.pid !== undefined) process.env['BROKER_PID'] = String(broker.pid)
  await runAll()
} finally {
  await broker.stop()
}
