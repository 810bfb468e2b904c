/**
 * Real Apache Kafka (KRaft) for tests, without a container engine: the published jars, fetched once by Maven into
 * `.cache/kafka`, a copied storage format and a class archive, so that a broker answers about a second after its start.
 *
 * It must never signal a process it did not start: before every signal the process' command line is checked for the
 * cluster's folder.
 */
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { liveBrokers } from './live-brokers.ts'

const run = promisify(execFile)
const java = process.env['JAVA'] ?? 'java'
const version = process.env['MILLRACE_KAFKA_VERSION'] ?? '4.3.1'
const cache = process.env['MILLRACE_KAFKA_CACHE'] ?? join(import.meta.dirname, '../../.cache/kafka')
const home = join(cache, version)
const fastJvm = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

export interface RealKafkaOptions {
  /** Default 1; up to 3 for failover. */
  readonly brokers?: number
  /** Broker properties on top of the defaults below. */
  readonly set?: Readonly<Record<string, string | number | boolean>>
  /** A second listener, on a port of its own per broker. */
  readonly secure?: { readonly protocol: 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL' }
  readonly heap?: string
  /** Server-grade JVM settings (C2, G1): slower to start, faster to run. */
  readonly bench?: boolean
}

export interface RealBroker {
  readonly id: number
  readonly host: string
  readonly port: number
  /** Of the second listener; 0 without one. */
  readonly securePort: number
  pid: number
}

export interface RealKafka {
  readonly bootstrap: readonly { readonly host: string; readonly port: number }[]
  readonly brokers: readonly RealBroker[]
  readonly clusterId: string
  /** kill -9. */
  killBroker(id: number): Promise<void>
  /** Same ports, same data. */
  restartBroker(id: number): Promise<void>
  /** SIGSTOP: alive for the kernel, silent for everybody else. */
  pauseBroker(id: number): void
  continueBroker(id: number): void
  stop(): Promise<void>
}

let missing: Promise<string | undefined> | undefined

/** Undefined where real Kafka can be started; else the line that says what is missing, for the skipped tests. */
export function whatRealKafkaLacks(): Promise<string | undefined> {
  missing ??= findMissing()
  return missing
}

async function findMissing(): Promise<string | undefined> {
  const major = await javaMajor().catch(() => 0)
  if (major < 17) return 'real Kafka skipped: no Java 17 or newer (install openjdk-17-jre-headless, or set JAVA)'
  if (existsSync(join(home, 'ok'))) return undefined
  const maven = await run('mvn', ['-v']).then(
    () => true,
    () => false,
  )
  return maven
    ? undefined
    : `real Kafka skipped: its jars are not in ${cache} and there is no Maven (mvn) to fetch them`
}

export async function startKafka(options: RealKafkaOptions = {}): Promise<RealKafka> {
  await fetchJars()
  if (options.bench !== true) await makeClassArchive()
  return startCluster(options, undefined)
}

// --- cluster --------------------------------------------------------------------------------------------------------

interface Cluster {
  readonly folder: string
  readonly id: string
  readonly classPath: string
  readonly jvm: readonly string[]
  readonly brokers: (RealBroker & { readonly controllerPort: number })[]
}

async function startCluster(options: RealKafkaOptions, archiveTo: string | undefined): Promise<RealKafka> {
  for (let attempt = 1; ; attempt++) {
    const cluster = await layOut(options, archiveTo)
    try {
      for (const broker of cluster.brokers) broker.pid = await spawnBroker(cluster, broker.id)
      for (const broker of cluster.brokers) await waitReady(cluster, broker, cluster.brokers.length)
      return handleOf(cluster)
    } catch (error) {
      await endAll(cluster, 'SIGKILL')
      await rm(cluster.folder, { recursive: true, force: true })
      // A port may be taken by somebody else between finding and binding it.
      if (attempt === 3 || !/Address already in use|BindException/.test(String(error))) throw error
    }
  }
}

async function layOut(options: RealKafkaOptions, archiveTo: string | undefined): Promise<Cluster> {
  const count = options.brokers ?? 1
  const ports = await freePorts(3 * count)
  const folder = await mkdtemp(join(tmpdir(), 'millrace-kafka-'))
  const archive = await archiveFile()
  const sharing =
    archiveTo !== undefined
      ? [`-XX:ArchiveClassesAtExit=${archiveTo}`]
      : options.bench !== true && existsSync(archive)
        ? [`-XX:SharedArchiveFile=${archive}`, '-Xlog:cds=off', '-Xlog:cds+dynamic=off']
        : []
  const cluster: Cluster = {
    folder,
    id: uuid(),
    classPath: await classPath(),
    jvm: [`-Xmx${options.heap ?? '256m'}`, ...(options.bench === true ? ['-XX:+UseG1GC'] : fastJvm), ...sharing],
    brokers: Array.from({ length: count }, (_, index) => ({
      id: index + 1,
      host: '127.0.0.1',
      port: ports[3 * index] ?? 0,
      controllerPort: ports[3 * index + 1] ?? 0,
      securePort: options.secure === undefined ? 0 : (ports[3 * index + 2] ?? 0),
      pid: 0,
    })),
  }
  for (const broker of cluster.brokers) {
    await mkdir(join(folder, String(broker.id), 'data'), { recursive: true })
    await writeFile(propertiesFile(cluster, broker.id), properties(cluster, broker.id, options))
    await formatStorage(cluster, broker.id)
  }
  return cluster
}

function handleOf(cluster: Cluster): RealKafka {
  const brokerOf = (id: number): RealBroker => {
    const broker = cluster.brokers.find((candidate) => candidate.id === id)
    if (broker === undefined) throw new Error(`no broker ${id} in this cluster`)
    return broker
  }
  let isStopped = false
  return {
    bootstrap: cluster.brokers.map(({ host, port }) => ({ host, port })),
    brokers: cluster.brokers,
    clusterId: cluster.id,
    killBroker: (id) => endProcesses([brokerOf(id).pid], cluster.folder, 'SIGKILL'),
    async restartBroker(id) {
      // A test that was given up may still get here, and nobody would end that broker.
      if (isStopped) throw new Error('the cluster was stopped')
      const broker = brokerOf(id)
      broker.pid = await spawnBroker(cluster, id)
      await waitReady(cluster, broker, Math.min(2, cluster.brokers.length))
    },
    pauseBroker: (id) => signal(brokerOf(id).pid, cluster.folder, 'SIGSTOP'),
    continueBroker: (id) => signal(brokerOf(id).pid, cluster.folder, 'SIGCONT'),
    async stop() {
      isStopped = true
      // SIGKILL: the data is thrown away, and the last broker of a quorum would wait for somebody to hand over to.
      await endAll(cluster, 'SIGKILL')
      await rm(cluster.folder, { recursive: true, force: true })
    },
  }
}

function properties(cluster: Cluster, id: number, options: RealKafkaOptions): string {
  const me = cluster.brokers.find((broker) => broker.id === id)
  if (me === undefined) throw new Error(`no broker ${id}`)
  const copies = Math.min(3, cluster.brokers.length)
  const inSync = Math.min(2, cluster.brokers.length)
  const secure = options.secure === undefined ? '' : `,SECURE://${me.host}:${me.securePort}`
  const entries = {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': cluster.brokers.map((one) => `${one.id}@${one.host}:${one.controllerPort}`).join(','),
    listeners: `PLAINTEXT://${me.host}:${me.port},CONTROLLER://${me.host}:${me.controllerPort}${secure}`,
    'advertised.listeners': `PLAINTEXT://${me.host}:${me.port}${secure}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:${options.secure?.protocol ?? 'PLAINTEXT'}`,
    'log.dirs': join(cluster.folder, String(id), 'data'),
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 500,
    'num.partitions': 1,
    'auto.create.topics.enable': false,
    // Tests write records with timestamps of any age; retention would delete them half a minute later. Put off rather than
    // turned off, so that the defaults of topics stay Kafka's.
    'log.initial.task.delay.ms': 86_400_000,
    'log.cleaner.dedupe.buffer.size': 4_194_304,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'background.threads': 4,
    // A killed broker is gone after 3 s instead of 9.
    'broker.heartbeat.interval.ms': 500,
    'broker.session.timeout.ms': 3000,
    'controller.quorum.fetch.timeout.ms': 1000,
    'controller.quorum.election.timeout.ms': 500,
    'controller.quorum.election.backoff.max.ms': 200,
    'controlled.shutdown.enable': cluster.brokers.length > 1,
    ...options.set,
  }
  return `${Object.entries(entries)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`
}

/**
 * What `kafka-storage format` writes: meta.properties and a bootstrap checkpoint that is the same for every node. The
 * tool runs once; later starts copy its file, which saves a JVM (about a second).
 */
async function formatStorage(cluster: Cluster, id: number): Promise<void> {
  const data = join(cluster.folder, String(id), 'data')
  const template = join(home, 'bootstrap.checkpoint')
  if (existsSync(template)) {
    await cp(template, join(data, 'bootstrap.checkpoint'))
    const meta = { version: 1, 'cluster.id': cluster.id, 'node.id': id, 'directory.id': uuid() }
    const lines = Object.entries(meta).map(([name, value]) => `${name}=${value}\n`)
    await writeFile(join(data, 'meta.properties'), lines.join(''))
    return
  }
  const tool = ['-cp', cluster.classPath, 'kafka.tools.StorageTool', 'format']
  await run(java, [...fastJvm, ...tool, '-t', cluster.id, '-c', propertiesFile(cluster, id)])
  await cp(join(data, 'bootstrap.checkpoint'), `${template}.${process.pid}`)
  await rename(`${template}.${process.pid}`, template)
}

function propertiesFile(cluster: Cluster, id: number): string {
  return join(cluster.folder, String(id), 'server.properties')
}

async function spawnBroker(cluster: Cluster, id: number): Promise<number> {
  const log = await open(join(cluster.folder, String(id), 'broker.log'), 'a')
  const logging = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dorg.slf4j.simpleLogger.showDateTime=true']
  const child = spawn(
    java,
    [...cluster.jvm, ...logging, '-cp', cluster.classPath, 'kafka.Kafka', propertiesFile(cluster, id)],
    { detached: true, stdio: ['ignore', log.fd, log.fd] },
  )
  child.unref()
  await log.close()
  if (child.pid === undefined) throw new Error(`${java} could not be started`)
  return child.pid
}

/** Ready: its metadata names `wanted` live brokers. */
async function waitReady(cluster: Cluster, broker: RealBroker, wanted: number): Promise<void> {
  const deadline = Date.now() + 120_000
  while ((await liveBrokers(broker.host, broker.port).catch(() => 0)) < wanted) {
    const log = join(cluster.folder, String(broker.id), 'broker.log')
    if (!isAlive(broker.pid)) {
      throw new Error(`broker ${broker.id} ended:\n${(await readFile(log, 'utf8')).slice(-2000)}`)
    }
    if (Date.now() > deadline) throw new Error(`broker ${broker.id} was not ready in 120 s; see ${log}`)
    await sleep(25)
  }
}

// --- jars -----------------------------------------------------------------------------------------------------------

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>kafka</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
</dependencies></project>`

/** Into a temporary folder, then one rename: a broken fetch leaves nothing behind, parallel ones do no harm. */
async function fetchJars(): Promise<void> {
  if (existsSync(join(home, 'ok'))) return
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'fetch-'))
  try {
    await writeFile(join(folder, 'pom.xml'), pom)
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
    const where = ['-f', join(folder, 'pom.xml'), `-DoutputDirectory=${join(folder, 'lib')}`]
    await run('mvn', ['-q', '-B', ...where, goal, '-DincludeScope=runtime'], { maxBuffer: 1 << 26 })
    await writeFile(join(folder, 'ok'), '')
    await rename(folder, home).catch((error: unknown) => {
      if (!existsSync(join(home, 'ok'))) throw error
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Absolute and sorted: a class archive is used only with exactly the class path it was made with. */
async function classPath(): Promise<string> {
  const lib = join(home, 'lib')
  const jars = (await readdir(lib)).filter((name) => name.endsWith('.jar')).sort()
  return jars.map((name) => join(lib, name)).join(':')
}

/** AppCDS: one training start, then every start takes less than half the time. Failing is no error. */
async function makeClassArchive(): Promise<void> {
  const archive = await archiveFile()
  if (existsSync(archive)) return
  const temporary = `${archive}.${process.pid}`
  const cluster = await startCluster({}, temporary).catch(() => undefined)
  if (cluster === undefined) return
  const pid = cluster.brokers[0]?.pid ?? 0
  process.kill(pid, 'SIGTERM')
  for (let turn = 0; turn < 1500 && isAlive(pid); turn++) await sleep(20)
  await cluster.stop()
  if (existsSync(temporary)) await rename(temporary, archive)
}

async function archiveFile(): Promise<string> {
  return join(home, `classes-java${await javaMajor()}.jsa`)
}

async function javaMajor(): Promise<number> {
  const { stderr } = await run(java, ['-version'])
  return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0)
}

// --- processes ------------------------------------------------------------------------------------------------------

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch (error) {
    return (error as { code?: string }).code === 'ENOENT' && !existsSync('/proc/self')
  }
}

function isOurs(pid: number, folder: string): boolean {
  if (pid === 0 || !isAlive(pid)) return false
  if (!existsSync('/proc/self/cmdline')) return true
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
}

function signal(pid: number, folder: string, name: NodeJS.Signals): void {
  if (isOurs(pid, folder)) process.kill(pid, name)
}

function endAll(cluster: Cluster, name: NodeJS.Signals): Promise<void> {
  return endProcesses(
    cluster.brokers.map((broker) => broker.pid),
    cluster.folder,
    name,
  )
}

async function endProcesses(pids: readonly number[], folder: string, name: NodeJS.Signals): Promise<void> {
  const ours = pids.filter((pid) => isOurs(pid, folder))
  for (const pid of ours) signal(pid, folder, name)
  while (ours.some((pid) => isAlive(pid))) await sleep(10)
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

function uuid(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, 'A')
}
