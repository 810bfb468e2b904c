/** What Tab offers: commands, options and their choices from the definitions of all commands, and files. */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { Completed, CompletedOption } from '../completion.ts'
import { sessionKeys } from './session.ts'
import { quoted, splitLine } from './words.ts'

export const builtIns: readonly string[] = ['use', 'unset', 'history', 'help', 'exit']
const filesMax = 200

/** What may stand for the last word of `line`, and that word as it was typed. */
export function completions(commands: readonly Completed[], line: string): [candidates: string[], typed: string] {
  const { words, open } = splitLine(line)
  const isNew = open === undefined && (words.length === 0 || /[ \t]$/.test(line))
  const last = isNew ? undefined : words.at(-1)
  const typed = last === undefined ? '' : line.slice(last.start)
  const word = last?.text ?? ''
  const before = words.slice(0, last === undefined ? undefined : -1).map(({ text }) => text)
  const found = candidates(commands, before, word)
  return [found.map((candidate) => withEnd(candidate)), typed]
}

function candidates(commands: readonly Completed[], before: readonly string[], word: string): string[] {
  const starting = (names: readonly string[]): string[] => names.filter((name) => name.startsWith(word))
  const [first] = before
  if (first === 'use' || first === 'unset') return before.length === 1 ? starting(sessionKeys) : files(word)
  const names = commands[0]?.children.map(({ name }) => name) ?? []
  if (first === undefined) return starting([...names, ...builtIns])
  if (first === 'help') return before.length === 1 ? starting(names) : []
  const command = commandOf(commands, before)
  if (command === undefined) return []
  const option = optionNamed(command.options, before.at(-1) ?? '')
  if (option?.takesValue === true) return option.choices.length > 0 ? starting(option.choices) : files(word)
  if (word.startsWith('-'))
    return starting(command.options.flatMap(({ flags }) => flags.filter((flag) => flag.startsWith('--'))))
  return command.children.length > 0 ? starting(command.children.map(({ name }) => name)) : files(word)
}

/** The deepest one that the words lead to. */
function commandOf(commands: readonly Completed[], words: readonly string[]): Completed | undefined {
  let found: Completed | undefined
  for (const word of words) {
    const wanted = [...(found?.path ?? []), word].join(' ')
    found = commands.find(({ path: names }) => names.join(' ') === wanted) ?? found
  }
  return found
}

function optionNamed(options: readonly CompletedOption[], flag: string): CompletedOption | undefined {
  return options.find(({ flags }) => flags.includes(flag))
}

/** Relative to the working directory; hidden ones only where they are asked for. */
function files(word: string): string[] {
  const slash = word.lastIndexOf('/')
  const folder = word.slice(0, slash + 1)
  const start = word.slice(slash + 1)
  try {
    return readdirSync(path.resolve(folder === '' ? '.' : folder), { withFileTypes: true })
      .filter(({ name }) => name.startsWith(start) && (start.startsWith('.') || !name.startsWith('.')))
      .slice(0, filesMax)
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
      .toSorted()
  } catch {
    return []
  }
}

/** A word that is complete is followed by a blank; a folder goes on. */
function withEnd(candidate: string): string {
  return candidate.endsWith('/') ? quoted(candidate) : `${quoted(candidate)} `
}
