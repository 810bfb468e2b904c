/** The folder of a cluster that runs from jars: for each broker its properties, its formatted storage and its log. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { systemRandom } from '../common/random.ts'
import { brokerProperties } from './broker-properties.ts'
import type { BrokerProperties } from './broker-properties.ts'
import { freePorts } from './free-ports.ts'
import { fastJvm, java } from './jar-files.ts'
import type { JarFiles } from './jar-files.ts'

const run = promisify(execFile)
const host = '127.0.0.1'

export interface JarBroker {
  readonly id: number
  readonly host: string
  readonly port: number
  /** Of the second listener; 0 without one. */
  readonly securePort: number
  readonly controllerPort: number
  /** 0 before it was started. */
  pid: number
}

/** A second listener, on a port of its own per broker. */
export interface SecureListener {
  readonly protocol: 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'
}

export interface JarLayout {
  readonly folder: string
  readonly clusterId: string
  readonly classPath: string
  readonly brokers: readonly JarBroker[]
}

export interface LayoutOptions {
  readonly brokers: number
  readonly config: BrokerProperties
  readonly secure?: SecureListener | undefined
}

export async function layOut(files: JarFiles, options: LayoutOptions): Promise<JarLayout> {
  const ports = await freePorts(3 * options.brokers)
  const layout: JarLayout = {
    folder: await mkdtemp(path.join(tmpdir(), 'millrace-kafka-')),
    clusterId: kafkaUuid(),
    classPath: await files.classPath(),
    brokers: Array.from({ length: options.brokers }, (_, index) => ({
      id: index + 1,
      host,
      port: ports[3 * index] ?? 0,
      controllerPort: ports[3 * index + 1] ?? 0,
      securePort: options.secure === undefined ? 0 : (ports[3 * index + 2] ?? 0),
      pid: 0,
    })),
  }
  for (const broker of layout.brokers) {
    await mkdir(dataFolder(layout, broker), { recursive: true })
    await writeFile(propertiesFile(layout, broker), propertiesText(layout, broker, options))
    await formatStorage(files, layout, broker)
  }
  return layout
}

export function propertiesFile(layout: JarLayout, { id }: JarBroker): string {
  return path.join(layout.folder, String(id), 'server.properties')
}

export function logFile(layout: JarLayout, { id }: JarBroker): string {
  return path.join(layout.folder, String(id), 'broker.log')
}

function dataFolder(layout: JarLayout, { id }: JarBroker): string {
  return path.join(layout.folder, String(id), 'data')
}

function propertiesText(layout: JarLayout, broker: JarBroker, { config, secure }: LayoutOptions): string {
  const second = secure === undefined ? '' : `,SECURE://${host}:${broker.securePort}`
  const voters = layout.brokers.map(({ id, controllerPort }) => `${id}@${host}:${controllerPort}`)
  const entries: BrokerProperties = {
    'process.roles': 'broker,controller',
    'node.id': broker.id,
    'controller.quorum.voters': voters.join(','),
    listeners: `PLAINTEXT://${host}:${broker.port},CONTROLLER://${host}:${broker.controllerPort}${second}`,
    'advertised.listeners': `PLAINTEXT://${host}:${broker.port}${second}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:${secure?.protocol ?? 'PLAINTEXT'}`,
    // A properties file, in which a backslash begins an escape.
    'log.dirs': dataFolder(layout, broker).replaceAll('\\', '/'),
    ...brokerProperties(layout.brokers.length),
    ...config,
  }
  const lines = Object.entries(entries).map(([name, value]) => `${name}=${value}\n`)
  return lines.join('')
}

/**
 * What `kafka-storage format` writes: meta.properties and a bootstrap checkpoint that is the same for every broker. The
 * tool runs once; later starts copy its file, which saves a JVM (about a second).
 */
async function formatStorage(files: JarFiles, layout: JarLayout, broker: JarBroker): Promise<void> {
  const data = dataFolder(layout, broker)
  const template = files.bootstrapCheckpoint
  if (existsSync(template)) {
    await cp(template, path.join(data, 'bootstrap.checkpoint'))
    const meta = { version: 1, 'cluster.id': layout.clusterId, 'node.id': broker.id, 'directory.id': kafkaUuid() }
    const lines = Object.entries(meta).map(([name, value]) => `${name}=${value}\n`)
    await writeFile(path.join(data, 'meta.properties'), lines.join(''))
    return
  }
  const tool = ['-cp', layout.classPath, 'kafka.tools.StorageTool', 'format']
  await run(java, [...fastJvm, ...tool, '-t', layout.clusterId, '-c', propertiesFile(layout, broker)])
  await cp(path.join(data, 'bootstrap.checkpoint'), `${template}.${process.pid}`)
  await rename(`${template}.${process.pid}`, template)
}

/** A UUID as Kafka writes it (Uuid.java): 22 characters of base64url, none that tools would read as an option. */
export function kafkaUuid(): string {
  return Buffer.from(systemRandom.uuid().replaceAll('-', ''), 'hex').toString('base64url').replace(/^-/, 'A')
}
