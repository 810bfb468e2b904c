import { describe, expect, it } from 'vitest'
import { generatedCommands } from '../../scripts/generate-cli-docs.ts'
import { commandTable } from '../../src/cli/command-table.ts'
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
})
