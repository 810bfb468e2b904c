import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { History, historyFile, historyMaxLines } from '../../../../src/cli/shell/history.ts'

let home: string
let file: string
let problems: string[]
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'millrace-history-'))
  file = path.join(home, 'state', 'millrace', 'history')
  problems = []
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const open = (): History => new History(file, (reason) => problems.push(reason))
const modeOf = (name: string): number => statSync(name).mode & 0o777

it('is where the XDG specification says', () => {
  expect(historyFile({ XDG_STATE_HOME: '/s', HOME: '/h' })).toBe('/s/millrace/history')
  expect(historyFile({ XDG_STATE_HOME: 'relative', HOME: '/h' })).toBe('/h/.local/state/millrace/history')
  expect(historyFile({})).toBeUndefined()
})

it('keeps lines for the next session, for its user alone', () => {
  const history = open()
  for (const line of ['one', 'two', 'two', ' hidden', '', 'x'.repeat(5000), `'open`]) history.add(line)
  expect(open().lines()).toEqual(['one', 'two'])
  expect([modeOf(file), modeOf(path.dirname(file))]).toEqual([0o600, 0o700])
  expect(problems).toEqual([])
})

it('closes what was open to others', () => {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 })
  writeFileSync(file, 'old\n', { mode: 0o644 })
  chmodSync(file, 0o644)
  const history = open()
  expect(history.lines()).toEqual(['old'])
  expect(modeOf(file)).toBe(0o600)
  history.add('new')
  expect(modeOf(path.dirname(file))).toBe(0o700)
})

it('has no more lines than it shall, those of other sessions included', () => {
  const [one, other] = [open(), open()]
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, Array.from({ length: historyMaxLines }, (_, index) => `line ${index}\n`).join(''))
  one.add('from one')
  other.add('from the other')
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(lines).toHaveLength(historyMaxLines)
  expect(lines.slice(-2)).toEqual(['from one', 'from the other'])
  expect(lines[0]).toBe('line 2')
})

it('writes no secret', () => {
  open().add('run -X kafka.sasl.password=hunter2')
  expect(readFileSync(file, 'utf8')).toBe(`run -X 'kafka.sasl.password=(redacted)'\n`)
})

it('follows no link, and says once why it keeps nothing', () => {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(path.join(home, 'elsewhere'), 'mine\n')
  symlinkSync(path.join(home, 'elsewhere'), file)
  const history = open()
  expect(history.lines()).toEqual([])
  history.add('one')
  history.add('two')
  expect(problems).toEqual([`'${file}' is no file`])
  expect(readFileSync(path.join(home, 'elsewhere'), 'utf8')).toBe('mine\n')
})

it('is not written through a link that lies where it is made', () => {
  mkdirSync(path.dirname(file), { recursive: true })
  const precious = path.join(home, 'precious')
  writeFileSync(precious, 'precious')
  symlinkSync(precious, `${file}.${process.pid}`)
  open().add('one')
  expect(readFileSync(precious, 'utf8')).toBe('precious')
  expect([open().lines(), problems]).toEqual([['one'], []])
})
