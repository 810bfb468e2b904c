import { describe, expect, it } from 'vitest'
import { generatedCommands } from '../../scripts/generate-cli-docs.ts'
import { commandTable } from '../../src/cli/command-table.ts'
import { readErrorCatalogue } from '../../src/cli/error-catalogue.ts'
import { makeProgram } from '../../src/cli/program.ts'
import { read } from './project-files.ts'

// docs/commands.md is what the commands say of themselves. After a change of one: node scripts/generate-cli-docs.ts

describe('docs/commands.md', () => {
  it('is what scripts/generate-cli-docs.ts writes', async () => {
    const page = read('docs/commands.md')
    expect(await generatedCommands(page)).toBe(page)
  })

  it('has every command', () => {
    const page = read('docs/commands.md')
    expect(commandTable.filter(({ name }) => !page.includes(`\n### millrace ${name}`))).toEqual([])
  })

  it('has the exit codes of the help, and of every error', async () => {
    const page = read('docs/commands.md')
    const documented = [...page.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code))
    let help = ''
    const program = await makeProgram([])
    program.configureOutput({ writeOut: (text) => (help += text), getOutHasColors: () => false })
    program.outputHelp()
    const [, listed = ''] = /Exit codes: ([\s\S]*?)\.\n/.exec(help) ?? []
    expect([...listed.matchAll(/\d+/g)].map(([code]) => Number(code))).toEqual(documented)
    const used = [...readErrorCatalogue().values()].map(({ exitCode }) => exitCode)
    expect([...new Set(used)].filter((code) => !documented.includes(code))).toEqual([])
  })
})
