import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot, read } from './project-files.ts'

// A change of the public names is a decision and never an accident: the snapshot changes in the same commit.
// After a wanted change: npx vitest run --project=codebase -u

const doors = ['index', 'testing', 'otel'].map((door) => ({
  door,
  missing: !existsSync(path.join(projectRoot, 'src', `${door}.ts`)),
}))

/** Names a door exports, values and types; a door holds nothing but `export { … } from '…'`. */
function exportsOf(source: string): { names: string[]; rest: string } {
  const names: string[] = []
  const rest = source
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '')
    .replaceAll(/export\s+(type\s+)?\{([^}]*)\}\s*from\s*'[^']+'/g, (_, allTypes: string | undefined, list: string) => {
      for (const item of list.split(',').map((part) => part.trim())) {
        if (item === '') continue
        const type = allTypes !== undefined || item.startsWith('type ')
        const name = item.replace(/^type\s+/, '').replace(/^.*\sas\s+/, '')
        names.push(type ? `type ${name}` : name)
      }
      return ''
    })
  return { names: names.toSorted(), rest: rest.trim() }
}

describe.each(doors)('The public API ($door)', ({ door, missing }) => {
  it.skipIf(missing)('is what the snapshot says', async () => {
    const { names } = exportsOf(read(`src/${door}.ts`))
    await expect(`${names.join('\n')}\n`).toMatchFileSnapshot(`public-api.${door}.txt`)
  })

  it.skipIf(missing)('is made of named re-exports only', () => {
    expect(exportsOf(read(`src/${door}.ts`)).rest).toBe('')
  })

  it.skipIf(missing)('exports every value it names', async () => {
    const values = exportsOf(read(`src/${door}.ts`)).names.filter((name) => !name.startsWith('type '))
    const loaded = (await import(`../../src/${door}.ts`)) as Record<string, unknown>
    expect(values.filter((name) => loaded[name] === undefined)).toEqual([])
  })
})
