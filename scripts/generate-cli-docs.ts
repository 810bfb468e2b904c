/**
 * Writes the generated part of `docs/commands.md`: what `millrace help` says of every command, in the order and groups of
 * `src/cli/command-table.ts`. What stands outside of the marks is written by hand.
 *
 *     node scripts/generate-cli-docs.ts           writes
 *     node scripts/generate-cli-docs.ts --check   ends with 1 where the page is not what it would write
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Command } from 'commander'
import { format, resolveConfig } from 'prettier'
import { commandTable } from '../src/cli/command-table.ts'
import { makeProgram } from '../src/cli/program.ts'

const page = fileURLToPath(new URL('../docs/commands.md', import.meta.url))
const begin = '<!-- reference: scripts/generate-cli-docs.ts writes this -->'
const end = '<!-- reference: end -->'
const helpWidth = 100

/** The page with its generated part made anew. */
export async function generatedCommands(text: string): Promise<string> {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/commands.md has no place between '${begin}' and '${end}'`)
  const filled = `${text.slice(0, from + begin.length)}\n\n${await reference()}\n\n${text.slice(to)}`
  return format(filled, { ...(await resolveConfig(page)), filepath: page })
}

async function reference(): Promise<string> {
  const program = await makeProgram('complete')
  const groups = [...new Set(commandTable.map(({ group }) => group))]
  const parts = groups.map((group) => {
    const names = commandTable.filter((entry) => entry.group === group).map(({ name }) => name)
    const commands = names.flatMap((name) => program.commands.filter((command) => command.name() === name))
    return `## ${group.replace(/:$/, '')}\n\n${commands.flatMap(leavesOf).map(sectionOf).join('\n\n')}`
  })
  return parts.join('\n\n')
}

/** A command that has others is only a name in front of them. */
function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf)
}

function sectionOf(command: Command): string {
  return `### ${pathOf(command)}\n\n\`\`\`text\n${helpOf(command).trim()}\n\`\`\``
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

/** As it is printed, examples included. */
function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => helpWidth,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  return text
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const before = readFileSync(page, 'utf8')
  const after = await generatedCommands(before)
  if (!process.argv.includes('--check')) writeFileSync(page, after)
  else if (after !== before) {
    console.error('docs/commands.md is not what the commands say: run node scripts/generate-cli-docs.ts')
    process.exitCode = 1
  }
}
