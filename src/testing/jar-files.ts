/**
 * What Apache Kafka needs to run without a container engine: Java, its jars (fetched once by Maven into a cache folder),
 * and what makes a start short: a class archive and a copied storage format.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { TestingError } from '../errors/testing-error.ts'

const run = promisify(execFile)
export const java: string = process.env['JAVA'] ?? 'java'
const version = process.env['MILLRACE_KAFKA_VERSION'] ?? '4.3.1'
const oldestJava = 17
/** Short start-ups matter more than speed. */
export const fastJvm: readonly string[] = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

/** Where jars are kept for all projects of a user: `~/.cache/millrace/kafka`, unless `MILLRACE_KAFKA_CACHE` says otherwise. */
export function defaultJarCache(): string {
  const shared = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache')
  return process.env['MILLRACE_KAFKA_CACHE'] ?? path.join(shared, 'millrace', 'kafka')
}

/** Undefined where Kafka can be started from its jars; else what is missing and how to get it. */
export async function whatJarsLack(cache: string): Promise<string | undefined> {
  const major = await javaMajor().catch(() => 0)
  if (major < oldestJava) {
    const found = major === 0 ? 'there is no Java' : `Java ${major} is too old`
    return `${found}: Apache Kafka needs Java ${oldestJava} or newer (Debian: apt-get install openjdk-17-jre-headless), or its path in JAVA`
  }
  if (existsSync(path.join(cache, version, 'ok'))) return undefined
  const hasMaven = await run('mvn', ['-v']).then(
    () => true,
    () => false,
  )
  if (hasMaven) return undefined
  return `Kafka's jars are not in ${cache}, and there is no Maven (mvn) to fetch them (Debian: apt-get install maven)`
}

/** The jars of one version of Kafka in a cache folder. */
export class JarFiles {
  readonly #cache: string
  readonly #home: string

  constructor(cache: string) {
    this.#cache = cache
    this.#home = path.join(cache, version)
  }

  /** Into a temporary folder, then one rename: a broken fetch leaves nothing behind, parallel ones do no harm. */
  async fetch(): Promise<void> {
    if (this.#isComplete()) return
    await mkdir(this.#cache, { recursive: true })
    const folder = await mkdtemp(path.join(this.#cache, 'fetch-'))
    try {
      await writeFile(path.join(folder, 'pom.xml'), pom)
      const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
      const where = ['-f', path.join(folder, 'pom.xml'), `-DoutputDirectory=${path.join(folder, 'lib')}`]
      await run('mvn', ['-q', '-B', ...where, goal, '-DincludeScope=runtime'], { maxBuffer: 1 << 26 })
      await writeFile(path.join(folder, 'ok'), '')
      await rename(folder, this.#home).catch((error: unknown) => {
        if (!this.#isComplete()) throw error
      })
    } catch (cause) {
      throw notFetched(this.#cache, cause)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  /** Absolute and sorted: a class archive is used only with exactly the class path it was made with. */
  async classPath(): Promise<string> {
    const lib = path.join(this.#home, 'lib')
    const jars = (await readdir(lib)).filter((name) => name.endsWith('.jar')).sort()
    return jars.map((name) => path.join(lib, name)).join(path.delimiter)
  }

  /** AppCDS: with it a start takes less than half the time. */
  async classArchive(): Promise<string> {
    return path.join(this.#home, `classes-java${await javaMajor()}.jsa`)
  }

  /** What `kafka-storage format` writes beside the ids; the same for every broker. */
  get bootstrapCheckpoint(): string {
    return path.join(this.#home, 'bootstrap.checkpoint')
  }

  #isComplete(): boolean {
    return existsSync(path.join(this.#home, 'ok'))
  }
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>kafka</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
</dependencies></project>`

async function javaMajor(): Promise<number> {
  const { stderr } = await run(java, ['-version'])
  return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0)
}

function notFetched(cache: string, cause: unknown): TestingError {
  const { stdout = '', message = String(cause) } = cause as { readonly stdout?: string; readonly message?: string }
  const reason = stdout.split('\n').find((line) => line.includes('ERROR')) ?? message.split('\n')[0]
  return new TestingError(
    'MILLRACE_TEST_KAFKA_UNAVAILABLE',
    `the jars of Apache Kafka ${version} could not be fetched into ${cache} by Maven: ${reason}; check the network and Maven's settings, or use on: 'container' or 'embedded'`,
    { cause },
  )
}
