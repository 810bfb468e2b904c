/**
 * Apache Kafka (KRaft) from its jars, as processes of this machine: real brokers where there is no container engine, ready
 * about a second after their start. Addresses and data stay over a restart.
 */
import { existsSync, rmSync } from 'node:fs'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { sleep, systemClock } from '../common/clock.ts'
import { TestingError } from '../errors/testing-error.ts'
import type { BrokerProperties } from './broker-properties.ts'
import { defaultJarCache, fastJvm, JarFiles, java, whatJarsLack } from './jar-files.ts'
import { layOut, logFile, propertiesFile } from './jar-layout.ts'
import { JarKeeper } from './jar-keeper.ts'
import type { JarBroker, JarLayout, SecureListener } from './jar-layout.ts'
import { keptAlive } from './kept-alive.ts'
import { liveBrokers } from './live-brokers.ts'
import { endProcesses, isAlive, signalOwn } from './own-processes.ts'

export interface JarKafkaOptions {
  /** Default 1; up to 3 for failover. */
  readonly brokers?: number
  /** Broker properties on top of those for tests. */
  readonly config?: BrokerProperties
  readonly secure?: SecureListener | undefined
  /** Java's `-Xmx`; default 256m. */
  readonly heap?: string | undefined
  /** Server-grade settings of the JVM (C2, G1): slower to start, faster to run. */
  readonly bench?: boolean | undefined
  /** Where jars are kept. */
  readonly cache?: string | undefined
  readonly startupTimeoutMs?: number | undefined
}

const startAttempts = 3
const pollMs = 25
const logTailBytes = 2000
const archiveAttempts = 1500
const archivePollMs = 20

/** A process that has nothing else to do waits all the same. */
export function startJarKafka(options: JarKafkaOptions = {}): Promise<JarKafka> {
  return keptAlive(() => start(options))
}

async function start(options: JarKafkaOptions): Promise<JarKafka> {
  const cache = options.cache ?? defaultJarCache()
  const lacking = await whatJarsLack(cache)
  if (lacking !== undefined) throw new TestingError('MILLRACE_TEST_KAFKA_UNAVAILABLE', lacking)
  const files = new JarFiles(cache)
  await files.fetch()
  if (options.bench !== true) await makeClassArchive(files)
  return startCluster(files, options)
}

async function startCluster(files: JarFiles, options: JarKafkaOptions, archiveTo?: string): Promise<JarKafka> {
  const { brokers = 1, config = {}, secure, startupTimeoutMs = 120_000 } = options
  const jvm = await jvmOptions(files, options, archiveTo)
  for (let attempt = 1; ; attempt++) {
    const kafka = new JarKafka(await layOut(files, { brokers, config, secure }), jvm, startupTimeoutMs)
    try {
      await kafka.start()
      return kafka
    } catch (error) {
      await kafka.stop()
      // A port may be taken by somebody else between finding and binding it.
      if (attempt === startAttempts || !/Address already in use|BindException/.test(String(error))) throw error
    }
  }
}

async function jvmOptions(files: JarFiles, options: JarKafkaOptions, archiveTo?: string): Promise<readonly string[]> {
  const { heap = '256m', bench = false } = options
  const archive = await files.classArchive()
  const usesArchive = archiveTo === undefined && !bench && existsSync(archive)
  return [
    `-Xmx${heap}`,
    ...(bench ? ['-XX:+UseG1GC'] : fastJvm),
    ...(archiveTo === undefined ? [] : [`-XX:ArchiveClassesAtExit=${archiveTo}`]),
    ...(usesArchive ? [`-XX:SharedArchiveFile=${archive}`, '-Xlog:cds=off', '-Xlog:cds+dynamic=off'] : []),
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
  ]
}

/** One training start, then every start takes less than half the time. Failing is no error. */
async function makeClassArchive(files: JarFiles): Promise<void> {
  const archive = await files.classArchive()
  if (existsSync(archive)) return
  const temporary = `${archive}.${process.pid}`
  const kafka = await startCluster(files, {}, temporary).catch(() => undefined)
  if (kafka === undefined) return
  const pid = kafka.brokers[0]?.pid ?? 0
  signalOwn(pid, kafka.folder, 'SIGTERM')
  for (let turn = 0; turn < archiveAttempts && isAlive(pid); turn++) await sleep(systemClock, archivePollMs)
  await kafka.stop()
  if (existsSync(temporary)) await rename(temporary, archive)
}

/** The processes of one cluster. */
export class JarKafka {
  readonly #layout: JarLayout
  readonly #jvm: readonly string[]
  readonly #startupTimeoutMs: number
  readonly #endWithProcess: () => void
  readonly #keeper: JarKeeper
  #isStopped = false

  constructor(layout: JarLayout, jvm: readonly string[], startupTimeoutMs: number) {
    this.#layout = layout
    this.#jvm = jvm
    this.#startupTimeoutMs = startupTimeoutMs
    // Brokers are processes of their own, and would outlive a test that ends without stopping them. Where it is killed this
    // does not run; the keeper sees to both, but not on Windows.
    this.#keeper = new JarKeeper(layout.folder)
    this.#endWithProcess = () => {
      for (const { pid } of layout.brokers) signalOwn(pid, layout.folder, 'SIGKILL')
      rmSync(layout.folder, { recursive: true, force: true })
    }
    process.once('exit', this.#endWithProcess)
  }

  get folder(): string {
    return this.#layout.folder
  }

  get brokers(): readonly JarBroker[] {
    return this.#layout.brokers
  }

  get clusterId(): string {
    return this.#layout.clusterId
  }

  async start(): Promise<void> {
    for (const broker of this.brokers) await this.#spawn(broker)
    for (const broker of this.brokers) await this.#untilReady(broker, this.brokers.length)
  }

  /** kill -9. */
  killBroker(id: number): Promise<void> {
    return endProcesses([this.#broker(id).pid], this.folder, 'SIGKILL')
  }

  /** SIGTERM: it hands over its partitions and closes its logs. */
  endBroker(id: number): Promise<void> {
    return endProcesses([this.#broker(id).pid], this.folder, 'SIGTERM')
  }

  /** One that has ended: same port, same data. */
  async restartBroker(id: number): Promise<void> {
    const broker = this.#broker(id)
    await this.#spawn(broker)
    await keptAlive(() => this.#untilReady(broker, Math.min(2, this.brokers.length)))
  }

  /** SIGSTOP: alive for the kernel, silent for everybody else. */
  pauseBroker(id: number): void {
    signalOwn(this.#broker(id).pid, this.folder, 'SIGSTOP')
  }

  continueBroker(id: number): void {
    signalOwn(this.#broker(id).pid, this.folder, 'SIGCONT')
  }

  /** What the broker wrote last. */
  async logTail(id: number): Promise<string> {
    const log = await readFile(logFile(this.#layout, this.#broker(id)), 'utf8').catch(() => '')
    return log.slice(-logTailBytes)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    process.off('exit', this.#endWithProcess)
    // SIGKILL: the data is thrown away, and the last broker of a quorum would wait for somebody to hand over to.
    const pids = this.brokers.map(({ pid }) => pid)
    await endProcesses(pids, this.folder, 'SIGKILL')
    await this.#keeper.close()
    await rm(this.folder, { recursive: true, force: true })
  }

  #broker(id: number): JarBroker {
    const broker = this.brokers.find((candidate) => candidate.id === id)
    if (broker === undefined) throw new Error(`no broker ${id} in this cluster`)
    return broker
  }

  async #spawn(broker: JarBroker): Promise<void> {
    const log = await open(logFile(this.#layout, broker), 'a')
    const program = ['-cp', this.#layout.classPath, 'kafka.Kafka', propertiesFile(this.#layout, broker)]
    try {
      // A test that was given up may still get here, and nobody would end that broker.
      if (this.#isStopped) throw new Error('the cluster was stopped')
      const pid = this.#keeper.spawn(java, [...this.#jvm, ...program], log.fd)
      if (pid === undefined) throw new Error(`${java} could not be started`)
      broker.pid = pid
    } finally {
      await log.close()
    }
  }

  /** Ready: its metadata names `wanted` live brokers. */
  async #untilReady(broker: JarBroker, wanted: number): Promise<void> {
    const deadlineMs = systemClock.now() + this.#startupTimeoutMs
    while ((await liveBrokers(broker.host, broker.port).catch(() => 0)) < wanted) {
      if (!isAlive(broker.pid)) throw await this.#notReady(broker, 'ended while it started')
      if (systemClock.now() > deadlineMs) {
        throw await this.#notReady(broker, `was not ready within ${this.#startupTimeoutMs} ms`)
      }
      await sleep(systemClock, pollMs)
    }
  }

  async #notReady({ id }: JarBroker, what: string): Promise<TestingError> {
    const log = await this.logTail(id)
    return new TestingError(
      'MILLRACE_TEST_KAFKA_START',
      `broker ${id} of Apache Kafka ${what}; the end of its log:\n${log}`,
    )
  }
}
