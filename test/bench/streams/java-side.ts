/** The Java programs beside ours: their jars, their classes, and one run of them. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { compileJava } from '../../support/java-streams.ts'

const execute = promisify(execFile)
export class JavaSide {
  /** What comes before the arguments of `StreamsBench`. */
  readonly command: readonly string[]
  readonly version: string

  private constructor(classPath: string, found: string) {
    const logging = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'
    this.command = ['java', '-Xmx2g', logging, '-cp', classPath, 'StreamsBench']
    this.version = found
  }

  static async create(): Promise<JavaSide> {
    const sources = ['StreamsBench', 'Topics'].map((name) => join(import.meta.dirname, `java/${name}.java`))
    const classPath = await compileJava(sources)
    const { stderr } = await execute('java', ['-version'])
    return new JavaSide(classPath, stderr.split('\n')[0] ?? '')
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
