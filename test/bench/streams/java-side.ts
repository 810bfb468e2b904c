/** The Java programs beside ours: their jars, their classes, and one run of them. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const version = '4.3.1'

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>bench</groupId><artifactId>streams</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-streams-test-utils</artifactId><version>${version}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
</dependencies></project>`

/** The folder with the jars: KAFKA_STREAMS_LIB, or what Maven brings, once. */
async function jars(): Promise<string> {
  const given = process.env['KAFKA_STREAMS_LIB']
  if (given !== undefined) return given
  const cache = join(import.meta.dirname, '../../../.cache/kafka-streams')
  const home = join(cache, version)
  if (existsSync(home)) return home
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'fetch-'))
  try {
    await writeFile(join(folder, 'pom.xml'), pom)
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
    await execute('mvn', ['-q', '-B', '-f', join(folder, 'pom.xml'), `-DoutputDirectory=${join(folder, 'lib')}`, goal])
    await rename(join(folder, 'lib'), home)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return home
}

export class JavaSide {
  /** What comes before the arguments of `StreamsBench`. */
  readonly command: readonly string[]
  readonly version: string
  readonly #classes: string

  private constructor(lib: string, classes: string, found: string) {
    const logging = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'
    this.command = ['java', '-Xmx2g', logging, '-cp', `${classes}:${lib}/*`, 'StreamsBench']
    this.version = found
    this.#classes = classes
  }

  static async create(): Promise<JavaSide> {
    const lib = await jars()
    const classes = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
    const sources = ['StreamsBench', 'Topics'].map((name) => join(import.meta.dirname, `java/${name}.java`))
    await execute('javac', ['-cp', `${lib}/*`, '-d', classes, ...sources])
    const { stderr } = await execute('java', ['-version'])
    return new JavaSide(lib, classes, stderr.split('\n')[0] ?? '')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#classes, { recursive: true, force: true })
  }
}

/** Starts a program; `output` resolves with what it printed, and rejects where it failed. */
export function start(command: readonly string[], args: readonly string[]): { readonly output: Promise<string> } {
  const [program = '', ...before] = command
  const child = spawn(program, [...before, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const output = once(child, 'close').then(([code]: unknown[]) => {
    if (code === 0) return printed
    throw new Error(`${program} ${before.at(-1)} ${args.join(' ')} ended with ${String(code)}`)
  })
  return { output }
}
