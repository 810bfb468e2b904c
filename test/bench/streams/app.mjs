/**
 * Our side of `streams.bench.ts`: one workload in one process, on the built package, with the arguments of
 * `java/StreamsBench.java` and the same line `RESULT {json}` at the end. Plain JavaScript, as what users deploy is: no types
 * are stripped while it starts.
 *
 *     node app.mjs run WORKLOAD app=ID in=TOPIC[,TOPIC2] out=TOPIC n=RECORDS [guarantee=…] [commit=MS] [cache=BYTES] [idle=S]
 *
 * The steady part begins at the last look at the clock before the first record was seen to be processed, so it is never
 * too short, and ends when the committed offsets of the group cover the input.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaStreams, StreamsBuilder, joinWithin, serdes, tumbling } from 'millrace'

const bootstrap = process.env.BOOTSTRAP ?? '127.0.0.1:9092'
const brokerPid = process.env.BROKER_PID
const strings = { key: serdes.string, value: serdes.string }
const counts = { key: serdes.string, value: serdes.int64 }

const workloads = {
  passthrough: (b, [from], to) =>
    b.stream(from, { key: serdes.bytes, value: serdes.bytes }).to(to, { key: serdes.bytes, value: serdes.bytes }),
  map: (b, [from], to) =>
    b
      .stream(from, strings)
      .mapValues((value) => value.toUpperCase())
      .filter((value) => value.length > 0)
      .to(to, strings),
  count: (b, [from], to) =>
    b.stream(from, strings).groupByKey(strings).count({ store: 'counts' }).toStream().to(to, counts),
  window: (b, [from], to) =>
    b
      .stream(from, strings)
      .groupByKey(strings)
      .windowedBy(tumbling({ size: '10s' }))
      .count({ store: 'windows', ...counts })
      .toStream((_count, { key, window }) => `${key}@${window.start}`)
      .to(to, counts),
  'join-st': (b, [from, table], to) =>
    b
      .stream(from, strings)
      .join(b.table(table, strings), (left, right) => left + right)
      .to(to, strings),
  'join-ss': (b, [left, right], to) =>
    b
      .stream(left, strings)
      .join(b.stream(right, strings), (one, other) => one + other, joinWithin({ difference: '1s' }), {
        key: serdes.string,
        value: serdes.string,
        otherValue: serdes.string,
      })
      .to(to, strings),
  rekey: (b, [from], to) =>
    b
      .stream(from, strings)
      .selectKey((_value, key) => reversed(key))
      .groupByKey({ name: 'rekeyed', ...strings })
      .count({ store: 'counts' })
      .toStream()
      .to(to, counts),
}

/** Without an array of characters, as Java's `StringBuilder.reverse`. */
function reversed(text) {
  let result = ''
  for (let i = text.length - 1; i >= 0; i--) result += text[i]
  return result
}

// --- clocks ---------------------------------------------------------------------------------------------------------

function now() {
  const { user, system } = process.cpuUsage()
  return {
    wallMs: performance.now(),
    cpuS: (user + system) / 1e6,
    brokerCpuS: brokerCpuS(),
    machineCpuS: machineCpuS(),
  }
}

function brokerCpuS() {
  if (brokerPid === undefined) return Number.NaN
  const stat = readFileSync(`/proc/${brokerPid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Busy time of the whole machine: what is neither ours nor the broker's is noise. */
function machineCpuS() {
  const [, user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/ +/)
  return [user, nice, system, irq, softirq, steal].reduce((sum, ticks) => sum + Number(ticks), 0) / 100
}

function residentMb(field) {
  const line = readFileSync('/proc/self/status', 'utf8').match(new RegExp(`^${field}:\\s+(\\d+)`, 'm'))
  return Math.round(Number(line?.[1] ?? 0) / 1024)
}

function print(result) {
  const round = (_key, value) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value)
  process.stdout.write(`RESULT ${JSON.stringify(result, round)}\n`)
}

// --- offsets --------------------------------------------------------------------------------------------------------

async function endOffsets(admin, topics) {
  const ends = new Map()
  for (const topic of topics) {
    for (const { partition, high } of await admin.fetchTopicOffsets(topic))
      ends.set(`${topic}-${partition}`, Number(high))
  }
  return ends
}

/** Markers at the end of a repartition topic are slack. */
async function isCovered(admin, groupId, topics, target, markers) {
  const committed = new Map()
  for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics })) {
    for (const { partition, offset } of partitions) committed.set(`${topic}-${partition}`, Number(offset))
  }
  return [...target].every(([key, end]) => {
    const slack = /-repartition-\d+$/.test(key) ? markers : 0
    return end <= slack || (committed.get(key) ?? -1) >= end - slack
  })
}

async function written(admin, app, out) {
  const topics = (await admin.listTopics()).filter((topic) => topic === out || topic.startsWith(`${app}-`))
  const sums = {}
  for (const [key, end] of await endOffsets(admin, topics)) {
    const name = key.replace(/-\d+$/, '').replace(out, 'OUT').replace(app, 'APP')
    sums[name] = (sums[name] ?? 0) + end
  }
  return sums
}

// --- runs -----------------------------------------------------------------------------------------------------------

async function run(workload, o) {
  const builder = new StreamsBuilder()
  const inputs = o.in.split(',')
  workloads[workload](builder, inputs, o.out)
  const exactlyOnce = o.guarantee === 'exactly_once_v2'
  const streams = new KafkaStreams(builder.build(), {
    applicationId: o.app,
    kafka: { brokers: [bootstrap] },
    processingGuarantee: exactlyOnce ? 'exactly_once' : 'at_least_once',
    stateDir: process.env.STATE_DIR ?? 'state',
    ...(o.commit !== undefined && { commitIntervalMs: Number(o.commit) }),
    ...(o.cache !== undefined && { cacheMaxBytes: Number(o.cache) }),
  })
  streams.on('error', ({ error }) => {
    process.stderr.write(`${error.stack}\n`)
    process.exit(3)
  })
  await streams.start()
  if (o.idle !== undefined) return reportIdle(workload, o)
  const n = Number(o.n)
  const isRekey = workload === 'rekey'
  const sourced = isRekey ? 2 * n : n
  // By task: the same name is counted per thread as well.
  const tasks = [0, 1].flatMap((subTopology) => [0, 1, 2, 3].map((partition) => `${subTopology}_${partition}`))
  const processed = () =>
    tasks.reduce((sum, task) => sum + (streams.metrics.get('process-total', { 'task-id': task }) ?? 0), 0)

  let start = now()
  while (processed() === 0) {
    start = now()
    await sleep(1)
  }
  while (processed() < sourced / 2) await sleep(2)
  const half = now()
  while (processed() < sourced) await sleep(2)
  const topics = isRekey ? [...inputs, `${o.app}-rekeyed-repartition`] : inputs
  // at_least_once commits every 30 s by default: closing the application is what commits, once everything is processed.
  const closing = exactlyOnce ? undefined : streams.close()
  const { Kafka, logLevel } = (await import('kafkajs')).default
  const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.ERROR }).admin()
  await admin.connect()
  const target = await endOffsets(admin, topics)
  while (!(await isCovered(admin, o.app, topics, target, exactlyOnce ? 1 : 0))) await sleep(5)
  const end = now()
  const steadyS = (end.wallMs - start.wallMs) / 1000
  const steadyCpuS = end.cpuS - start.cpuS
  const brokerS = end.brokerCpuS - start.brokerCpuS
  print({
    workload,
    options: o,
    n,
    totalS: end.wallMs / 1000,
    totalCpuS: end.cpuS,
    steadyS,
    steadyCpuS,
    brokerCpuS: brokerS,
    otherCpuS: end.machineCpuS - start.machineCpuS - steadyCpuS - brokerS,
    recordsPerS: n / steadyS,
    recordsPerCpuS: n / steadyCpuS,
    recordsPerTotalS: n / (end.wallMs / 1000),
    recordsPerTotalCpuS: n / end.cpuS,
    maxRssMb: residentMb('VmHWM'),
    secondHalfRecordsPerS: n / 2 / ((end.wallMs - half.wallMs) / 1000),
    secondHalfRecordsPerCpuS: n / 2 / (end.cpuS - half.cpuS),
    written: await written(admin, o.app, o.out),
  })
  await admin.disconnect()
  await (closing ?? streams.close())
}

async function reportIdle(workload, o) {
  await sleep(3000)
  const from = now()
  await sleep(Number(o.idle) * 1000)
  const to = now()
  print({
    workload: `idle-${workload}`,
    options: o,
    idleRssMb: residentMb('VmRSS'),
    idleCpuPercent: (100 * (to.cpuS - from.cpuS)) / Number(o.idle),
  })
}

const [command, workload, ...settings] = process.argv.slice(2)
if (command !== 'run' || !(workload in workloads))
  throw new Error(`usage: app.mjs run ${Object.keys(workloads).join('|')} …`)
await run(workload, Object.fromEntries(settings.map((setting) => setting.split(/=(.*)/s).slice(0, 2))))
process.exit(0)
