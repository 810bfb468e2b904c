import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { makeProgram } from '../../src/cli/program.ts'
import { documents } from './doc-examples.ts'
import { read } from './project-files.ts'

// What the documents tell people to type is there: every `millrace <command>` with its options, every npm script.

const program = await makeProgram('complete')
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts)
/** The changelog tells of what was. */
const pages = documents.filter((file) => file !== 'CHANGELOG.md')

interface Call {
  readonly file: string
  /** What stands behind `millrace`. */
  readonly words: readonly string[]
}

/** In code only: between backticks, or a line of a shell block. Up to a comment, a pipe, a redirection. */
function callsIn(file: string): Call[] {
  const text = read(file)
  const blocks = [...text.matchAll(/^ *```(?:sh|bash|console)\n([\s\S]*?)^ *```/gm)].map(([, block = '']) => block)
  const lines = blocks.flatMap((block) => block.replaceAll(/\\\n\s*/g, ' ').split('\n'))
  const spans = [...text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/`([^`]+)`/g)].map(([, span = '']) => span)
  return [...lines, ...spans].flatMap((line) =>
    [...line.matchAll(/(?:^|[|;(] ?|npx |bin\/)millrace(?:\.js)? ([^|#<>;)]*(?:<[a-z-]+>[^|#<>;)]*)*)/g)].map(
      ([, rest = '']) => ({ file, words: rest.trim().split(/\s+/) }),
    ),
  )
}

/** Undefined: all of it is there. */
function whatIsWrong({ words }: Call): string | undefined {
  let command: Command = program
  let rest = words
  for (;;) {
    const [first = ''] = rest
    const inner = command.commands.find((each) => each.name() === first || each.aliases().includes(first))
    if (inner === undefined) break
    command = inner
    rest = rest.slice(1)
  }
  if (command === program && /^[a-z]/.test(rest[0] ?? '') && rest[0] !== 'help') return `no command '${rest[0]}'`
  const known = new Set(['--help', '--version', ...optionsOf(command)])
  const unknown = rest.map((word) => /^--[a-z][\w-]*/.exec(word)?.[0]).find((word) => word && !known.has(word))
  return unknown === undefined ? undefined : `${command.name()} has no option '${unknown}'`
}

function optionsOf(command: Command): string[] {
  const own = command.options.map(({ long }) => long ?? '')
  return command.parent === null ? own : [...own, ...optionsOf(command.parent)]
}

describe('Commands that the documents name', () => {
  const calls = pages.flatMap(callsIn)

  it('are there, with the options that are given', () => {
    expect(calls.length).toBeGreaterThan(50)
    const wrong = calls.flatMap((call) => {
      const reason = whatIsWrong(call)
      return reason === undefined ? [] : [`${call.file}: ${reason}: millrace ${call.words.join(' ')}`]
    })
    expect(wrong).toEqual([])
  })

  it('are seen to be wrong where they are', () => {
    const wrong = [
      ['runn', 'topology.ts'],
      ['run', '--nonsense'],
      ['config', 'print', '--nonsense'],
    ]
    expect(wrong.filter((words) => whatIsWrong({ file: '', words }) === undefined)).toEqual([])
  })
})

describe('Scripts that the documents name', () => {
  it('are in package.json', () => {
    const named = pages.flatMap((file) =>
      [...read(file).matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => ({ file, name })),
    )
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter(({ name }) => !scripts.includes(name))).toEqual([])
  })
})
