/**
 * CPU per record of the client against kafkajs' own producer and consumer, on Apache Kafka: 100-byte records, each run
 * in a process of its own, interleaved. `node test/bench/client/client-bench.ts [records] [rounds]`, default 5,000,000
 * and 5. CPU counts everything from connecting on, warm-up included.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { startKafka } from '../../support/real-kafka.ts'

interface Run {
  readonly records: number
  readonly cpuMs: number
  readonly wallMs: number
}

const [records = 5_000_000, rounds = 5] = process.argv.slice(2).map(Number)
const partitions = 4
const program = new URL('client-bench-run.ts', import.meta.url).pathname

async function measure(client: string, job: string, port: number, topic: string): Promise<Run> {
  const child = spawn(process.execPath, ['--no-warnings', program, client, job, String(port), topic, String(records)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code] = (await once(child, 'exit')) as [number]
  if (code !== 0) throw new Error(`${client} ${job} ended with ${code}`)
  return JSON.parse(output) as Run
}

function median(values: readonly number[]): number {
  return values.toSorted((one, two) => one - two)[values.length >> 1] ?? Number.NaN
}

function line(name: string, runs: readonly Run[]): number {
  const perRecord = runs.map(({ cpuMs, records: count }) => (cpuMs * 1000) / count)
  const rate = median(runs.map(({ wallMs, records: count }) => count / wallMs))
  const spread = `${Math.min(...perRecord).toFixed(2)}-${Math.max(...perRecord).toFixed(2)}`
  console.log(`${name.padEnd(20)} ${median(perRecord).toFixed(2)} us CPU/record (${spread}), ${rate.toFixed(0)} k/s`)
  return median(perRecord)
}

const kafka = await startKafka({ bench: true, heap: '1g', set: { 'num.partitions': partitions } })
try {
  const port = kafka.bootstrap[0]?.port ?? 0
  const results = new Map<string, Run[]>()
  const note = (name: string, run: Run): void => void results.set(name, [...(results.get(name) ?? []), run])
  for (let round = 0; round < rounds; round++) {
    for (const client of round % 2 === 0 ? ['millrace', 'kafkajs'] : ['kafkajs', 'millrace']) {
      note(`${client} produce`, await measure(client, 'produce', port, `bench-${client}-${round}`))
      note(`${client} consume`, await measure(client, 'consume', port, `bench-${client}-${round}`))
    }
  }
  console.log(`${records} records of 100 B, ${rounds} rounds, node ${process.version}, ${cpus().length} cores`)
  for (const job of ['produce', 'consume']) {
    const ours = line(`millrace ${job}`, results.get(`millrace ${job}`) ?? [])
    const theirs = line(`kafkajs ${job}`, results.get(`kafkajs ${job}`) ?? [])
    console.log(`${job}: ${(theirs / ours).toFixed(1)} times less CPU`)
  }
} finally {
  await kafka.stop()
}
