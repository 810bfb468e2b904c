/** Java's side of the differential test: one process that answers a program a line (java/DifferentialRunner.java). */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { Outcome, Program } from './program.ts'

/** Its sources, for the compiler. */
export const javaSources: readonly string[] = ['DifferentialRunner', 'Calls', 'Options', 'Callbacks', 'Processors'].map(
  (name) => join(import.meta.dirname, `java/${name}.java`),
)

export class JavaSide implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #answers: AsyncIterator<string>

  /** `classPath`: the jars of Kafka Streams and the compiled runner. */
  constructor(classPath: string) {
    const options = ['-Xmx512m', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=off', '-cp', classPath]
    this.#child = spawn('java', [...options, 'differential.DifferentialRunner'], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  async outcomes(programs: readonly Program[]): Promise<Outcome[]> {
    for (const program of programs) this.#child.stdin.write(`${JSON.stringify(program)}\n`)
    const outcomes: Outcome[] = []
    while (outcomes.length < programs.length) {
      const { done, value } = await this.#answers.next()
      if (done === true) throw new Error('the process of Java ended')
      outcomes.push(JSON.parse(value) as Outcome)
    }
    return outcomes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end()
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
  }
}
