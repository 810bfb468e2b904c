import { afterAll, describe, expect, it } from 'vitest'
import { docExamples, type DocExample } from './doc-examples.ts'
import { makeDocFolder } from './doc-folder.ts'
import { read } from './project-files.ts'

// The tables of docs/operators.md have every operator, with an example that calls it, and the prefixes of its nodes.

const document = 'docs/operators.md'

/** What the tables are about, by the heading that each stands under. */
const documented = new Map<string, readonly string[]>([
  ['StreamsBuilder', methodsOf(read('src/dsl/streams-builder.ts'), /^export class StreamsBuilder/m)],
  ...interfacesOf(read('src/dsl/streams.ts')),
  ['Window definitions', functionsFrom('./dsl/windows.ts')],
  ['Processors', methodsOf(read('src/topology/topology.ts'), /^export class Topology/m)],
])

/** For the runtime, or no operators. */
const left = new Set(['constructor', 'compile', 'definition', 'AnyKStream', 'GlobalKTable'])

function methodsOf(source: string, start: RegExp): string[] {
  const from = source.search(start)
  const body = source.slice(from, source.indexOf('\n}', from))
  const names = [...body.matchAll(/^ {2}([a-z]\w*)[<(]/gm)].map((match) => match[1] ?? '')
  return [...new Set(names)]
}

function interfacesOf(source: string): [name: string, methods: string[]][] {
  return [...source.matchAll(/^export interface (\w+)/gm)]
    .map(([, name = '']): [string, string[]] => [
      name,
      methodsOf(source, new RegExp(`^export interface ${name}\\b`, 'm')),
    ])
    .filter(([, methods]) => methods.length > 0)
}

/** The values that the public door takes from there. */
function functionsFrom(module: string): string[] {
  const [, names = ''] =
    new RegExp(`^export \\{([^}]*)\\} from '${module.replaceAll('.', '\\.')}'`, 'm').exec(read('src/index.ts')) ?? []
  return names.split(',').map((name) => name.trim())
}

interface Row {
  readonly section: string
  readonly operator: string
  readonly cells: readonly string[]
}

/** A row begins with the operator's name in backticks. */
const rows: readonly Row[] = read(document)
  .split(/^## /m)
  .slice(1)
  .flatMap((part) => {
    const section = part.slice(0, part.indexOf('\n')).trim()
    return [...part.matchAll(/^\| `([a-z]\w*)`.*$/gm)].map((match) => ({
      section,
      operator: match[1] ?? '',
      cells: match[0].split('|').map((cell) => cell.trim()),
    }))
  })

function examplesOf({ cells }: Row): DocExample[] {
  const anchors = new Set([...(cells.at(-2) ?? '').matchAll(/\(#([\w-]+)\)/g)].map(([, anchor = '']) => anchor))
  return docExamples.filter(
    ({ document: of, anchor, steps }) => of === document && anchors.has(anchor) && steps.length > 0,
  )
}

const folder = makeDocFolder()

afterAll(() => folder[Symbol.dispose]())

describe('docs/operators.md', () => {
  const sections = [...documented].filter(([name]) => !left.has(name))

  it.each(sections)('has the operators of %s', (section, operators) => {
    const told = new Set(rows.filter((row) => row.section === section).map(({ operator }) => operator))
    expect([...told].toSorted()).toEqual(operators.filter((name) => !left.has(name)).toSorted())
  })

  it('has an example for every operator of the DSL, which calls it', () => {
    const operators = rows.filter(({ section }) => section !== 'Window definitions' && section !== 'Processors')
    expect(operators.length).toBeGreaterThan(60)
    const missing = operators.filter((row) => {
      const calls = new RegExp(`\\.${row.operator}[(<]`)
      return !examplesOf(row).some(({ code }) => calls.test(code))
    })
    expect(missing.map(({ section, operator }) => `${section}#${operator}`)).toEqual([])
  })

  it('names the prefixes of nodes that the examples have', async () => {
    const told = rows.flatMap((row) =>
      [...(row.cells[3] ?? '').matchAll(/`([A-Z][A-Z-]+-)`/g)].map(([, prefix = '']) => ({ row, prefix })),
    )
    expect(told.length).toBeGreaterThan(40)
    const missing = []
    for (const { row, prefix } of told) {
      const builders = await Promise.all(examplesOf(row).map(({ name }) => folder.load(name)))
      const texts = builders.map(({ builder }) => builder.build().describe().toString())
      if (!texts.some((text) => text.includes(`${prefix}0000`))) missing.push(`${row.operator}: ${prefix}`)
    }
    expect(missing).toEqual([])
  })
})
