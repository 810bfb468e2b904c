/**
 * Java's Kafka Streams for tests and benchmarks: its jars (KAFKA_STREAMS_LIB, or what Maven brings, once, into
 * `.cache/kafka-streams`), and programs compiled with them.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const version = '4.3.1'
const cache = join(import.meta.dirname, '../../.cache/kafka-streams')

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>millrace</groupId><artifactId>streams</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-streams-test-utils</artifactId><version>${version}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
</dependencies></project>`

/** Undefined where programs can be compiled and run; else the line that says what is missing, for what is skipped. */
export async function whatJavaStreamsLacks(): Promise<string | undefined> {
  if (!(await works('javac', '-version'))) {
    return 'Java Kafka Streams skipped: no JDK 17 or newer (install openjdk-17-jdk-headless)'
  }
  if (process.env['KAFKA_STREAMS_LIB'] !== undefined || existsSync(join(cache, version))) return undefined
  if (await works('mvn', '-v')) return undefined
  return `Java Kafka Streams skipped: its jars are not in ${cache} and there is no Maven (mvn) to fetch them`
}

/** The class path of Kafka Streams and its test driver. */
export async function kafkaStreamsJars(): Promise<string> {
  return `${process.env['KAFKA_STREAMS_LIB'] ?? (await fetchJars())}/*`
}

/** Compiles Java sources, once for each version of them; returns the class path to run them with. */
export async function compileJava(sources: readonly string[]): Promise<string> {
  const jars = await kafkaStreamsJars()
  const hash = createHash('sha256')
  for (const source of sources) hash.update(await readFile(source))
  const classes = join(cache, `classes-${hash.digest('hex').slice(0, 16)}`)
  if (!existsSync(classes)) {
    await mkdir(cache, { recursive: true })
    const folder = await mkdtemp(join(cache, 'compile-'))
    await execute('javac', ['-cp', jars, '-d', folder, ...sources])
    await rename(folder, classes).catch((error: unknown) => {
      // Somebody else was quicker.
      if (!existsSync(classes)) throw error
    })
  }
  return `${classes}:${jars}`
}

async function fetchJars(): Promise<string> {
  const home = join(cache, version)
  if (existsSync(home)) return home
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'fetch-'))
  try {
    await writeFile(join(folder, 'pom.xml'), pom)
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
    await execute('mvn', ['-q', '-B', '-f', join(folder, 'pom.xml'), `-DoutputDirectory=${join(folder, 'lib')}`, goal])
    await rename(join(folder, 'lib'), home).catch((error: unknown) => {
      if (!existsSync(home)) throw error
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return home
}

async function works(program: string, argument: string): Promise<boolean> {
  return await execute(program, [argument]).then(
    () => true,
    () => false,
  )
}
