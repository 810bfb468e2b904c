/** What every command has in common: help, wrong usage, exit codes, errors for programs, closed pipes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandTable } from '../../src/cli/command-table.ts'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'
import { moduleOf } from '../support/cli-bed.ts'
import { fitsSchema } from '../support/cli-schema.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-cli-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function millrace(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  await using child = Child.millrace(args, { cwd: folder, env: { HOME: folder, ...env } })
  return await child.finished
}

describe('help', () => {
  it.each(commandTable.map(({ name }) => name))('of %s has an example and goes to standard output', async (name) => {
    const { code, stdout, stderr } = await millrace([name, '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const inner = /\n {2}(?!help)(\w+) (?:\[options\])?/.exec(stdout.split('\nCommands:')[1] ?? '')?.[1]
    const shown = inner === undefined ? stdout : (await millrace([name, inner, '--help'])).stdout
    expect(shown).toMatch(/\nExamples?:\n {2}\S/)
  })

  it('names every command', async () => {
    const { stdout } = await millrace(['--help'])
    for (const { name, summary } of commandTable) {
      expect(stdout).toContain(name)
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(summary)
    }
  })
})

describe('wrong usage', () => {
  it('is exit code 2 with nothing on standard output', async () => {
    for (const args of [[], ['describ'], ['run', '--nonsense'], ['tail'], ['config', 'prin']]) {
      const { code, stdout } = await millrace(args)
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' })
    }
  })

  it('names the nearest command and option', async () => {
    expect((await millrace(['describ'])).stderr).toContain('Did you mean describe?')
    expect((await millrace(['tail', 'x', '--from-begining'])).stderr).toContain('Did you mean --from-beginning?')
  })
})

describe('an error', () => {
  it('is a sentence with its code and no stack trace', async () => {
    const { code, stdout, stderr } = await millrace(['run', 'missing.ts', '-b', 'localhost:1'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(
      /^error: there is no file 'missing\.ts'.*\n +more: millrace explain MILLRACE_MODULE_NOT_FOUND/,
    )
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it('is a line of JSON with -o json, and has its stack with --verbose', async () => {
    const { code, stderr } = await millrace(['config', 'print', '--profile', 'prod', '-o', 'json'])
    expect(code).toBe(2)
    expect(fitsSchema('error', stderr)).toMatchObject({ error: { code: 'MILLRACE_CONFIG_FILE', exitCode: 2 } })
    const verbose = await millrace(['config', 'print', '--profile', 'prod', '--json', '--verbose'])
    expect(fitsSchema('error', verbose.stderr)).toMatchObject({ error: { stack: expect.stringContaining(' at ') } })
  })
})

describe('on a terminal', () => {
  /** 50 columns wide. */
  async function shown(command: string, env: Readonly<Record<string, string>> = {}): Promise<string[]> {
    const line = `stty cols 50 rows 20; ${process.execPath} ${moduleOf('bin/millrace.js')} ${command}`
    await using child = Child.program('script', ['-qec', line, '/dev/null'], {
      cwd: folder,
      env: { HOME: folder, TERM: 'xterm-256color', NO_COLOR: '', ...env },
    })
    return (await child.finished).stdout.replaceAll('\r', '').trimEnd().split('\n')
  }

  it.each(['lag payment-ledger', 'explain buffer_full', 'help config', 'help --no-color', 'config print --all'])(
    'no line of %s is wider than the terminal',
    async (command) => {
      const lines = (await shown(command)).map((line) => stripVTControlCharacters(line))
      expect(lines.length).toBeGreaterThan(3)
      const example = /^ {2}millrace /
      expect(lines.filter((line) => line.length > 50 && !example.test(line))).toEqual([])
    },
  )

  it('errors and headings stand out, unless the terminal is dumb or no colours are wanted', async () => {
    expect((await shown('lag payment-ledger'))[0]).toContain('\u001B[31merror:')
    expect((await shown('help lag'))[0]).toContain('\u001B[1mUsage:')
    for (const [command, env] of [
      ['lag payment-ledger', { TERM: 'dumb' }],
      ['lag payment-ledger', { NO_COLOR: '1' }],
      ['lag payment-ledger --no-color', {}],
      ['help lag --no-color', {}],
    ] as const) {
      expect((await shown(command, env)).join('\n')).not.toContain('\u001B')
    }
  })
})

describe('millrace help', () => {
  it('of a name that is no command is an error', async () => {
    const { code, stdout, stderr } = await millrace(['help', 'descrbe'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('Did you mean describe?')
  })

  it('of a command within a command is that of the inner one', async () => {
    const { code, stdout } = await millrace(['help', 'dlq', 'retry'])
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Usage: millrace dlq retry /) })
  })
})

describe('millrace config print', () => {
  it('shows each value with its origin, and no secret', async () => {
    writeFileSync(path.join(folder, 'prod.json'), JSON.stringify({ config: { kafka: { brokers: ['kafka:9092'] } } }))
    writeFileSync(path.join(folder, 'secret'), 'hunter2\n')
    const env = { MILLRACE_KAFKA__SASL__PASSWORD_FILE: 'secret', MILLRACE_COMMIT_INTERVAL_MS: '77' }
    const args = ['config', 'print', '--config', 'prod.json', '-X', 'kafka.ssl.key=hunter2']
    const { code, stdout } = await millrace([...args, '-o', 'json'], env)
    expect(code).toBe(0)
    expect(fitsSchema('config-print', stdout)).toMatchObject({
      config: [
        { key: 'kafka', origin: 'prod.json, the environment, -X' },
        { key: 'commitIntervalMs', value: 77, origin: 'the environment' },
      ],
    })
    const text = await millrace(args, env)
    expect(text.stdout).toContain('commitIntervalMs')
    expect(`${stdout}${text.stdout}`).not.toContain('hunter2')
  })

  it('prints a line for each row with -o jsonl', async () => {
    const { stdout } = await millrace(['config', 'print', '--all', '-o', 'jsonl'])
    const rows = stdout.trimEnd().split('\n')
    expect(rows.length).toBeGreaterThan(20)
    for (const row of rows) expect(JSON.parse(row)).toMatchObject({ schemaVersion: 1, origin: 'default' })
  })

  it('ends quietly when its reader has closed the pipe', async () => {
    const binary = new URL('../../bin/millrace.js', import.meta.url).pathname
    const command = `"$0" "$1" config print --all -o jsonl; echo "code $?" >&2`
    const child = spawn('sh', ['-c', `{ ${command}; } | true`, process.execPath, binary], { cwd: folder })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    await once(child, 'close')
    expect(stderr).toBe('code 0\n')
  })
})

describe('millrace completion', () => {
  it('completes commands, options, choices and files in bash', async () => {
    const { stdout } = await millrace(['completion', 'bash'])
    writeFileSync(path.join(folder, 'completion.bash'), stdout)
    const complete = async (...words: readonly string[]): Promise<string[]> => {
      const script = `source completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`
      await using child = Child.program('bash', ['-c', script, 'bash', ...words], { cwd: folder })
      const { stdout: replies, stderr } = await child.finished
      expect(stderr).toBe('')
      return replies.trimEnd().split('\n')
    }
    expect(await complete('millrace', 'des')).toEqual(['describe'])
    expect(await complete('millrace', 'config', 'p')).toEqual(['print'])
    expect(await complete('millrace', 'run', '--guar')).toEqual(['--guarantee'])
    expect(await complete('millrace', 'run', '--guarantee', 'at')).toEqual(['at_least_once'])
    expect(await complete('millrace', 'run', 'completion.b')).toEqual(['completion.bash'])
  })

  it('knows every command in zsh and fish', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { stdout } = await millrace(['completion', shell])
      for (const { name } of commandTable) expect(stdout).toContain(name)
    }
  })
})
