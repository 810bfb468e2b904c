import { describe, expect, it } from 'vitest'
import { flags, generatedPage } from '../../scripts/generate-config-docs.ts'
import { configKeys } from '../../src/runtime/streams-config.ts'
import { filesIn, read } from './project-files.ts'

// docs/configuration.md is what the source says. After a change of a key: node scripts/generate-config-docs.ts

const page = read('docs/configuration.md')
const source = read('src/processor/streams-config.ts')

describe('docs/configuration.md', () => {
  it('is what scripts/generate-config-docs.ts writes', async () => {
    expect(await generatedPage(page, source)).toBe(page)
  })

  it('changes with a comment of a key', async () => {
    const changed = source.replace('How often is committed', 'How often is it committed')
    expect(await generatedPage(page, changed)).not.toBe(page)
  })

  it('has a section for every key, with a line of meaning', () => {
    const sections = new Map(page.split(/^### /m).map((part) => [part.slice(0, part.indexOf('\n')), part]))
    expect(configKeys.length).toBeGreaterThan(30)
    expect(configKeys.filter((key) => !/^\n\n\S.{20,}/.test(sections.get(key)?.slice(key.length) ?? ''))).toEqual([])
  })

  it('names options that the commands have', () => {
    const commands = filesIn('src/cli').map(read).join('\n')
    expect(Object.values(flags).filter((flag) => !new RegExp(`${flag}\\b`).test(commands))).toEqual([])
  })
})

describe('The comments of StreamsConfig', () => {
  it('tell the defaults that are applied', () => {
    const told = [...page.matchAll(/^### (\w+)\n\n(.*)\n\n- .*\n- \*\*Default\*\*: (.*)$/gm)]
    expect(told.length).toBe(configKeys.length)
    const wrong = told.filter(([, , meaning = '', value = '']) => !saysDefault(meaning, value))
    expect(wrong.map(([, key, meaning, value]) => `${key} is ${value}: ${meaning}`)).toEqual([])
  })
})

/** `Default 10 MiB`, or `exactly_once (default)`. What is a function, or depends on the machine, is told in words. */
function saysDefault(meaning: string, value: string): boolean {
  if (value === 'must be given') return meaning.includes('Must be given')
  if (value === 'none' && meaning.includes('Default undefined')) return true
  const all = value.split(/; with /).map((each) => /\((\d+ \w+)\)/.exec(each)?.[1] ?? each.replaceAll('`', ''))
  if (!/^-?\d+|^\w+$/.test(all[0] ?? '')) return /default/i.test(meaning)
  return all.every((each) => meaning.replaceAll('`', '').includes(each.replace(/^at_least_once /, '')))
}
