import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { makeProgram } from '../../../src/cli/program.ts'
import { splitLine } from '../../../src/cli/shell/words.ts'

// What people learn of one command holds for the others, and what a help shows can be typed.

function withInner(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withInner)]
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

function helpOf(command: Command): string {
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text), getOutHasColors: () => false })
  command.outputHelp()
  return help
}

/** Each `millrace …` of the examples, up to a pipe, a redirection or a comment. */
function examplesOf(command: Command): string[] {
  const lines = (helpOf(command).split(/\nExamples?:\n/)[1] ?? '').split('\n').filter((line) => line.startsWith('  '))
  return lines.flatMap((line) => line.match(/\bmillrace (?:'[^']*'|"[^"]*"|[^'"|#;&)<>])+/g) ?? [])
}

const all = withInner(await makeProgram('complete'))
const leaves = all.filter((command) => command.commands.length === 0)

describe('options', () => {
  it('of one name are written alike everywhere', () => {
    const written = new Map<string, Set<string>>()
    for (const { long, flags } of all.flatMap((command) => command.options)) {
      const name = long ?? flags
      written.set(name, (written.get(name) ?? new Set()).add(flags))
    }
    expect([...written.values()].filter((flags) => flags.size > 1)).toEqual([])
  })

  it('with a number of milliseconds as default show it with its unit', () => {
    const shown = all.flatMap((command) => command.options.filter(({ flags }) => flags.includes('<duration>')))
    expect(shown.length).toBeGreaterThan(5)
    for (const { defaultValue, defaultValueDescription } of shown) {
      if (defaultValue !== undefined) expect(defaultValueDescription).toMatch(/^\d+(?:ms|s|m)$/)
    }
  })

  it('and what they are for begin with a small letter and have no full stop', () => {
    for (const { flags, description } of all.flatMap((command) => command.options)) {
      expect(`${flags}: ${description}`).not.toMatch(/\.$|: $/)
      expect(description).toMatch(/^(?:[a-z-]|Kafka)/)
    }
  })
})

describe('summaries', () => {
  it('are one line in one voice: what the command does, without a full stop', () => {
    for (const command of all.slice(1)) {
      expect(`${pathOf(command)}: ${command.summary()}`).toMatch(/: [a-z][^\n]{10,100}[^.\n]$/)
    }
  })
})

describe('examples', () => {
  it.each(leaves.map((command) => [pathOf(command)]))('of %s are calls that the commands take', async (name) => {
    const shown = leaves.filter((command) => pathOf(command) === name).flatMap(examplesOf)
    expect(shown.length).toBeGreaterThan(0)
    for (const example of shown) {
      const words = splitLine(example).words.map(({ text }) => text)
      const program = await makeProgram('complete')
      let called = ''
      for (const command of withInner(program)) {
        command.configureOutput({ writeErr: () => undefined })
        if (command.commands.length === 0) command.action(() => void (called = pathOf(command)))
      }
      await expect(program.parseAsync(words.slice(1), { from: 'user' })).resolves.toBeDefined()
      expect(called).not.toBe('')
    }
  })
})
