/** Every command in every way that a command can be called: one row for each, in test/support/cli-matrix.ts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeProgram } from '../../src/cli/program.ts'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'
import { CliBed, moduleOf, nobody } from '../support/cli-bed.ts'
import { cliMatrix, letters, wordCount } from '../support/cli-matrix.ts'
import type { Call, NotApplicable, Row } from '../support/cli-matrix.ts'
import { fitsSchema, fitsSchemaOfRows } from '../support/cli-schema.ts'
import { writeLetters } from '../support/dead-letters.ts'

let prepared: CliBed
let empty: CliBed
let folder: string

beforeAll(async () => {
  prepared = await CliBed.start({ 'text-lines': 2, 'word-counts': 2, orders: 1, [letters]: 1 })
  empty = await CliBed.start()
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-matrix-'))
  await run(rowOf('send'), rowOf('send').call)
  await writeLetters(prepared.client, letters, [{ source: 'orders' }])
  const { code, stderr } = await prepared.millrace(['topics', 'apply', wordCount])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})
afterAll(async () => {
  await prepared?.[Symbol.asyncDispose]()
  await empty?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

type Environment = Readonly<Record<string, string>>

/** In a folder and with a home of its own, which are returned to see what is left in them. */
async function run(
  { path: name, isOnKafka }: Pick<Row, 'path' | 'isOnKafka'>,
  { args, stdin, until }: Call,
  { brokers = prepared.brokers, env = {} }: { readonly brokers?: string; readonly env?: Environment } = {},
): Promise<Finished> {
  const all = [...name.split(' '), ...args, ...(isOnKafka ? ['--brokers', brokers] : [])]
  const cwd = mkdtempSync(path.join(folder, 'call-'))
  await using child = Child.millrace(all, {
    cwd,
    env: { HOME: cwd, ...env },
    ...(stdin !== undefined && { stdin }),
  })
  if (until !== undefined) {
    await child.prints(until)
    child.kill('SIGINT')
  }
  return await child.finished
}

function rowOf(name: string): Row {
  const row = cliMatrix.find((one) => one.path === name)
  if (row === undefined) throw new Error(`no row '${name}'`)
  return row
}

/** Those to which it applies; whatever else a row says is a reason. */
function rowsWith<K extends keyof Row>(key: K): (readonly [string, Row, Exclude<Row[K], NotApplicable>])[] {
  return cliMatrix.flatMap((row) => {
    const found = row[key]
    const isReason = typeof found === 'object' && found !== null && 'because' in found
    return isReason ? [] : [[row.path, row, found as Exclude<Row[K], NotApplicable>] as const]
  })
}

function withoutStack(text: string): void {
  expect(text).not.toMatch(/\n\s+at |node:internal/)
}

const hasOutput = (command: Command): boolean => command.options.some(({ long }) => long === '--output')

describe('the matrix', () => {
  const leaves = (command: Command, at: readonly string[]): (readonly [string, Command])[] =>
    command.commands.length === 0
      ? [[at.join(' '), command]]
      : command.commands.flatMap((inner) => leaves(inner, [...at, inner.name()]))

  it('has a row for every command, and each has an example', async () => {
    const all = leaves(await makeProgram('complete'), [])
    expect(cliMatrix.map((row) => row.path).toSorted()).toEqual(all.map(([name]) => name).toSorted())
    for (const [name, command] of all) {
      let help = ''
      command.configureOutput({ writeOut: (part) => (help += part), getOutHasColors: () => false })
      command.outputHelp()
      expect(help).toMatch(new RegExp(`\\nExamples?:\\n[\\s\\S]*millrace ${name}`))
    }
  })

  it('has documents for every command that has -o, and no others', async () => {
    const all = leaves(await makeProgram('complete'), [])
    const have = all.filter(([, command]) => hasOutput(command)).map(([name]) => name)
    expect([...rowsWith('documents').map(([name]) => name), 'tail'].toSorted()).toEqual(have.toSorted())
  })
})

describe('wrong usage', () => {
  it.concurrent.each(cliMatrix.map((row) => [row.path, row] as const))(
    'of %s is exit code 2, and says what was meant',
    async (_, row) => {
      const [given, meant] = row.slip
      const slip = await run({ ...row, isOnKafka: false }, { args: [given] })
      expect(slip).toMatchObject({ code: 2, stdout: '' })
      expect(slip.stderr).toContain(`Did you mean ${meant}?`)
      expect(slip.stderr).toContain(`see: millrace ${row.path} --help`)
      const wrong = await run(row, { args: row.wrong.args })
      expect(wrong).toMatchObject({ code: 2, stdout: '' })
      expect(wrong.stderr).toMatch(row.wrong.says)
      withoutStack(wrong.stderr)
    },
  )

  it.concurrent.each(rowsWith('documents'))('of %s is a document with -o json', async (_, row) => {
    for (const args of [row.wrong.args, [row.slip[0]]]) {
      const { code, stdout, stderr } = await run(row, {
        args: ['-o', 'json', ...args.filter((arg) => !/^(?:-o|json)$/.test(arg))],
      })
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(fitsSchema('error', stderr)).toMatchObject({ error: { exitCode: 2 } })
    }
  })
})

describe('a broker that cannot be reached', () => {
  it.concurrent.each(rowsWith('unreachable'))('is exit code 5 of %s, and names it', async (_, row, { args }) => {
    const isDocument = 'schema' in row.documents
    const { code, stderr } = await run(
      row,
      { args: [...args, ...(isDocument ? ['-o', 'json'] : [])] },
      { brokers: nobody },
    )
    expect({ code, stderr }).toMatchObject({ code: 5 })
    withoutStack(stderr)
    const last = stderr.trimEnd().split('\n').at(-1) ?? ''
    if (isDocument) expect(fitsSchema('error', last)).toMatchObject({ error: { exitCode: 5 } })
    else expect(stderr).toMatch(/Cannot connect to 127\.0\.0\.1:1: nothing listens there/)
  })
})

describe('a cluster without topics', () => {
  it.concurrent.each(rowsWith('empty'))('is told by %s', async (_, row, { args, code, says }) => {
    const found = await run(row, { args }, { brokers: empty.brokers })
    expect(found).toMatchObject({ code })
    expect(`${found.stdout}${found.stderr}`).toMatch(says)
    withoutStack(found.stderr)
  })
})

describe('documents', () => {
  it.concurrent.each(rowsWith('documents'))(
    'of %s fit their schemas, and have no colours',
    async (_, row, { schema, rows }) => {
      const env = { FORCE_COLOR: '1' }
      const json = await run(row, { ...row.call, args: [...row.call.args, '-o', 'json'] }, { env })
      expect(json).toMatchObject({ code: 0 })
      fitsSchema(schema, json.stdout)
      if (rows === undefined) return
      const lines = await run(row, { ...row.call, args: [...row.call.args, '-o', 'jsonl'] }, { env })
      expect(lines).toMatchObject({ code: 0 })
      for (const line of lines.stdout.split('\n').filter((text) => text !== '')) fitsSchemaOfRows(schema, rows, line)
    },
  )

  it('of tail and of what is created fit theirs, too', async () => {
    const tail = rowOf('tail')
    const { stdout } = await run(tail, { args: [letters, '--until-end', '-o', 'json'] })
    expect(fitsSchema('tail', stdout)).toMatchObject({ topic: letters, offset: 0 })
    const apply = rowOf('topics apply')
    await using bed = await CliBed.start()
    const args = [moduleOf('topologies/late-data/topology.ts'), '--partitions', '1', '-o', 'jsonl']
    const created = (await run(apply, { args }, { brokers: bed.brokers })).stdout.trimEnd().split('\n')
    expect(created.length).toBeGreaterThan(2)
    for (const line of created) expect(fitsSchemaOfRows('topics-apply', 'row', line)).toMatchObject({ done: 'created' })
  })
})

describe('a reader that has gone', () => {
  it.concurrent.each(rowsWith('closedPipe'))('ends %s quietly', async (_, row, args) => {
    const binary = moduleOf('bin/millrace.js')
    const brokers = row.isOnKafka ? ['--brokers', prepared.brokers] : []
    const all = [process.execPath, binary, ...row.path.split(' '), ...args, ...brokers]
    const cwd = mkdtempSync(path.join(folder, 'pipe-'))
    const script = '{ "$0" "$@" 2>errors; echo "code $?" >&2; } | true'
    const shell = spawn('sh', ['-c', script, ...all], {
      cwd,
      env: { ...process.env, HOME: cwd },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let ending = ''
    shell.stderr.on('data', (chunk: Buffer) => (ending += chunk.toString()))
    await once(shell, 'close')
    expect(ending).toBe('code 0\n')
    withoutStack(ending)
  })
})

/** It takes connections, and nothing else. */
async function silentBroker() {
  let connected = (): void => undefined
  const connection = new Promise<void>((resolve) => (connected = resolve))
  const silent = createServer((socket) => {
    socket.on('error', () => undefined)
    connected()
  }).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  return {
    brokers: `127.0.0.1:${(silent.address() as AddressInfo).port}`,
    connection,
    [Symbol.dispose]: () => void silent.close(),
  }
}

describe('a broker that does not answer', () => {
  const asking = rowsWith('unreachable').filter(
    // To a doctor the question that is not answered is a finding.
    ([name, { interrupted }]) => name !== 'doctor' && 'when' in interrupted && interrupted.when === 'silent',
  )

  it.concurrent.each(asking)('is exit code 6 of %s after its --timeout', async (_, row, { args }) => {
    using silent = await silentBroker()
    const isDocument = 'schema' in row.documents
    const call = { ...row.call, args: [...args, '--timeout', '300ms', ...(isDocument ? ['-o', 'json'] : [])] }
    const { code, stdout, stderr } = await run(row, call, { brokers: silent.brokers })
    expect({ code, stdout, stderr }).toMatchObject({ code: 6, stdout: '' })
    expect(stderr).toMatch(/'millrace [a-z]+' did not end within 300 ms: Kafka does not answer in time/)
    withoutStack(stderr)
    const last = stderr.trimEnd().split('\n').at(-1) ?? ''
    if (isDocument) expect(fitsSchema('error', last)).toMatchObject({ error: { exitCode: 6 } })
  })
})

describe('Ctrl-C', () => {
  const interrupted = rowsWith('interrupted')
  const whenSilent = interrupted.filter(([, , { when }]) => when === 'silent')
  const atWork = interrupted.filter(([, , { when }]) => when === 'at work')

  it.concurrent.each(whenSilent)('ends %s at once, while a broker does not answer', async (_, row, { code }) => {
    using silent = await silentBroker()
    const cwd = mkdtempSync(path.join(folder, 'silent-'))
    await using child = Child.millrace([...row.path.split(' '), ...row.call.args, '--brokers', silent.brokers], {
      cwd,
      env: { HOME: cwd },
      ...(row.call.stdin !== undefined && { stdin: row.call.stdin }),
    })
    await silent.connection
    child.kill('SIGINT')
    const ended = await child.finished
    // What a shell makes of a process that a signal has ended.
    expect(ended.code ?? (ended.signal === 'SIGINT' ? 130 : ended.signal)).toBe(code)
    withoutStack(ended.stderr)
    expect(readdirSync(cwd)).toEqual([])
  })

  it.each(atWork)('ends %s as it is meant to end', async (_, row, { code }) => {
    const ended = await run(row, row.call)
    expect(ended).toMatchObject({ code })
    withoutStack(ended.stderr)
    expect(await prepared.client.admin.groups.list()).not.toContainEqual(expect.objectContaining({ state: 'Stable' }))
  })
})

describe('text', () => {
  it.concurrent.each(rowsWith('isQuiet'))(
    'of %s is data alone with --quiet, without colours in a pipe',
    async (_, row) => {
      const { code, stdout, stderr } = await run(row, { ...row.call, args: [...row.call.args, '--quiet'] })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).not.toContain('\u001B')
    },
  )

  it.concurrent.each(rowsWith('isColoured'))('of %s is coloured where that is asked for', async (_, row) => {
    const { code, stdout, stderr } = await run(row, row.call, { env: { FORCE_COLOR: '1' } })
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stdout).toContain('\u001B[')
    const plain = await run(row, row.call, { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })
    expect(`${plain.stdout}${plain.stderr}`).not.toContain('\u001B')
  })
})
