/** `millrace shell` as a process: from standard input, and in a terminal that `script` makes. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EmbeddedKafka } from '../../src/testing/embedded-kafka.ts'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'

let home: string
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'millrace-shell-'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

const environment = (): Record<string, string> => ({ HOME: home, XDG_STATE_HOME: path.join(home, 'state') })

async function shell(stdin: string, ...args: readonly string[]): Promise<Finished> {
  await using child = Child.millrace(['shell', ...args], { stdin, env: environment() })
  return await child.finished
}

describe('millrace shell, from standard input,', () => {
  it('runs each line as a command, without a prompt', async () => {
    const { code, stdout, stderr } = await shell(`
# what the application is
millrace describe topologies/word-count.ts
use module topologies/word-count.ts
describe --format 'mermaid'`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^Topologies:[\s\S]+\nflowchart TD\n/)
  })

  it('ends at the first line that fails, with its exit code', async () => {
    const { code, stdout, stderr } = await shell('describe missing.ts\nuse\nexplain buffer_full\n')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain("there is no file 'missing.ts'")
    expect(stderr).toContain('line 1 ended with exit code 2; --keep-going would go on')
  })

  it('goes on with --keep-going, and ends with what failed first', async () => {
    const { code, stdout, stderr } = await shell('dlq ls a b.ts\nuse\nnonsense\nuse brokers a:1\nuse\n', '--keep-going')
    expect(code).toBe(2)
    expect(stdout).toBe(`nothing is set; use one of: brokers, module, application, profile, config\nbrokers     a:1\n`)
    expect(stderr).toContain('line 3 ended with exit code 2\n')
  })

  it('stops at exit', async () => {
    expect(await shell('use\nexit\nnonsense\n', '-b', 'a:1')).toMatchObject({ code: 0, stdout: 'brokers     a:1\n' })
  })

  it.each([
    ['a pipe', 'tail a | jq', "there is no '|' here"],
    ['an open quote', "tail 'a", "a ' that is not closed"],
    ['itself', 'shell', 'this is the shell already'],
    ['an unknown command', 'describ', 'Did you mean describe?'],
    ['an unknown name', 'use borkers x', "did you mean 'brokers'?"],
  ])('refuses %s', async (_, line, message) => {
    const { code, stdout, stderr } = await shell(`${line}\n`)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  it('hands its own flags to the commands, and leaves nothing of one command to the next', async () => {
    const { stderr } = await shell('describe missing.ts -v\ndescribe missing.ts\n', '--keep-going')
    const [first = '', second = ''] = stderr.split('line 1 ended')
    expect(first).toMatch(/\n\s+at /)
    expect(second).not.toMatch(/\n\s+at /)
    expect((await shell('describe missing.ts\n', '-v')).stderr).toMatch(/\n\s+at /)
  })

  it('ends the command that runs when it is interrupted, and then itself, with 130', async () => {
    await using kafka = await EmbeddedKafka.start({ listen: true })
    await kafka.createTopic('lines', { partitions: 1 })
    await using sender = Child.millrace(['send', 'lines', '-b', kafka.brokers.join(',')], { stdin: 'hello\n' })
    await sender.finished
    const lines = 'tail lines\ndescribe missing.ts\n'
    await using child = Child.millrace(['shell', '-b', kafka.brokers.join(',')], {
      stdin: lines,
      env: environment(),
    })
    await child.prints('hello')
    child.kill('SIGINT')
    const { code, stderr } = await child.finished
    expect(code).toBe(130)
    expect(stderr).not.toContain('missing.ts')
  })

  it('keeps no history', async () => {
    await shell('use\n')
    expect(() => statSync(path.join(home, 'state'))).toThrow(/ENOENT/)
  })
})

// A terminal for a child: util-linux' script. Without it these are skipped.
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false
if (!hasScript) console.log("millrace shell in a terminal: skipped, there is no util-linux 'script' here")

/** What a person types, and what the screen shows. */
class Terminal {
  readonly #process
  #screen = ''
  #onOutput: (() => void)[] = []

  constructor(args: string, env: Readonly<Record<string, string>>) {
    const binary = new URL('../../bin/millrace.js', import.meta.url).pathname
    // In place of the shell that `script` starts: dash would stay, be sent each Ctrl-C as well, and end with 130 itself.
    this.#process = spawn('script', ['-qfec', `exec '${process.execPath}' '${binary}' shell ${args}`, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm', ...env },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    this.#process.stdout.on('data', (chunk: Buffer) => {
      this.#screen += chunk.toString()
      for (const look of this.#onOutput.splice(0)) look()
    })
  }

  get screen(): string {
    return this.#screen
  }

  /** Types, and resolves when the screen has shown this after it. */
  async type(keys: string, until: string | RegExp): Promise<void> {
    const before = this.#screen.length
    this.#process.stdin.write(keys)
    while (!new RegExp(until).test(this.#screen.slice(before))) await new Promise<void>((go) => this.#onOutput.push(go))
  }

  async shows(text: string): Promise<void> {
    while (!this.#screen.includes(text)) await new Promise<void>((go) => this.#onOutput.push(go))
  }

  async ended(): Promise<number | null> {
    if (this.#process.exitCode === null) await once(this.#process, 'close')
    return this.#process.exitCode
  }

  [Symbol.dispose](): void {
    this.#process.kill('SIGKILL')
  }
}

describe.skipIf(!hasScript)('millrace shell, in a terminal,', () => {
  it('has a prompt, completion, and a history without secrets; Ctrl-C ends the command, Ctrl-D the shell', async () => {
    using terminal = new Terminal('', environment())
    await terminal.shows('millrace> ')
    await terminal.type('half a line\u0003', /\^C[\s\S]*millrace> /)
    await terminal.type('brok\t', 'broker ')
    await terminal.type('--port 0\r', 'end with Ctrl-C')
    await terminal.type('\u0003', 'millrace> ')
    await terminal.type('use brokers localhost:1\r', 'millrace localhost:1> ')
    await terminal.type('unset brokers\r', 'millrace> ')
    await terminal.type('config print -b a:1 -X kafka.sasl.password=hunter2\r', /redacted[\s\S]*millrace> /)
    await terminal.type('\u0004', '\n')
    expect(await terminal.ended()).toBe(0)

    const file = path.join(home, 'state', 'millrace', 'history')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const lines = readFileSync(file, 'utf8')
    expect(lines).toBe(
      `broker --port 0\nuse brokers localhost:1\nunset brokers\nconfig print -b a:1 -X 'kafka.sasl.password=(redacted)'\n`,
    )

    using next = new Terminal('', environment())
    await next.shows('millrace> ')
    await next.type('\u001B[A', 'redacted')
    await next.type('\u0003', 'millrace> ')
    await next.type('exit\r', '\n')
    expect(await next.ended()).toBe(0)
  })

  it('has no colours where they are not wanted', async () => {
    const env = { ...environment(), XDG_STATE_HOME: path.join(home, 'other') }
    using plain = new Terminal('--no-color', env)
    await plain.shows('millrace> ')
    await plain.type('config print -X commitIntervalMs=5\r', /commitIntervalMs +5 [\s\S]*millrace> /)
    // oxlint-disable-next-line no-control-regex -- what is looked for
    expect(plain.screen).not.toMatch(/\u001B\[\d*m/)
    using coloured = new Terminal('', env)
    // oxlint-disable-next-line no-control-regex -- what is looked for
    await coloured.type('', /\u001B\[36mmillrace> /)
  })
})
