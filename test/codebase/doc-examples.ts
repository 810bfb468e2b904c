/**
 * The examples of the documents: every `ts` block of every page. One that imports what it uses stands for itself, and so
 * does every one of a page without a `builder`. One of a page that has a block with a `builder` before it goes on from
 * there: it has its imports and constants.
 *
 * A block that begins with `// word-count.ts` is that file, and others of its page import it as './word-count.ts'. All else
 * that is imported with a dot is beside the page, or in the project's root.
 *
 * What goes in and what comes out stands under an example, in the order of events:
 *
 *     // in  orders  ada: {"total":30} @10s
 *     // out totals  ada[0s,60s): 30 @10s
 *
 * Everything that the topology writes to topics of its users has to be there, no more and no less; a time that is not
 * told is not looked at. Strings are written as they are, all else as JSON, times in seconds. What comes out by default
 * only is `// here`, and with `compatibility: 'java'` only `// java`. `doc-runs.ts` runs them. A block that tests something
 * with the driver itself says `// prints` for each console.log. What needs a Kafka or a container says `// compiled only`.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { filesIn, projectRoot, read } from './project-files.ts'

export interface DocExample {
  /** `docs-operators-md-3`: what its file is called. */
  readonly name: string
  readonly document: string
  /** The heading that it stands under, as the end of a link. */
  readonly anchor: string
  readonly code: string
  readonly isWhole: boolean
  readonly compatibility: Compatibility
  readonly steps: readonly Step[]
}

export type Compatibility = 'none' | 'java'

export interface Step {
  readonly given: Line
  readonly expected: readonly Line[]
}

export interface Line {
  readonly topic: string
  readonly text: string
}

/** Every page of the project. */
export const documents: readonly string[] = filesIn('.').filter((file) => file.endsWith('.md'))

export const docExamples: readonly DocExample[] = documents.flatMap((document) => examplesOf(document))

function examplesOf(document: string): DocExample[] {
  const blocks = [...read(document).matchAll(/^#+ (.*)$|^```ts\n([\s\S]*?)^```/gm)]
  const nameOf = (index: number): string => `${document.replaceAll(/\W/g, '-')}-${index}`
  const files = new Map(
    blocks.flatMap(([, , block = ''], index) => {
      const file = /^\/\/ ([\w./-]+\.ts)\n/.exec(block)?.[1]
      return file === undefined ? [] : [[`./${file}`, `./${nameOf(index)}.ts`] as const]
    }),
  )
  let anchor = ''
  let begin: string | undefined
  const examples: DocExample[] = []
  for (const [index, [, heading, block]] of blocks.entries()) {
    if (heading !== undefined) anchor = anchorOf(heading)
    if (block === undefined) continue
    const isWhole = /^import /m.test(block) || begin === undefined
    if (isWhole && /^const builder = /m.test(block)) begin ??= block
    const code = isWhole ? `${block}\nexport {}\n` : `${begin}\n${block}`
    const example = { name: nameOf(index), document, anchor, code: withImports(code, document, files), isWhole }
    examples.push(...bothWays(example, block))
  }
  return examples
}

/** Imports of files: of the page's own blocks, beside the page, or in the root. Examples are run two folders below it. */
function withImports(code: string, document: string, files: ReadonlyMap<string, string>): string {
  return code.replaceAll(/(?<=^(?:import|\} from|import .* from) )'(\.[^']*)'/gm, (_, target: string) => {
    const beside = path.posix.join(path.posix.dirname(document), target)
    const found = existsSync(path.join(projectRoot, beside)) ? beside : path.posix.join(target)
    return `'${files.get(target) ?? `../../${found}`}'`
  })
}

/** One that has something else in Java is one more. */
function bothWays(example: Omit<DocExample, 'compatibility' | 'steps'>, block: string): DocExample[] {
  const { name, isWhole } = example
  const steps = stepsOf(name, block, 'here')
  const code = isWhole && steps.length === 0 ? example.code : `${example.code}\nexport { builder }\n`
  const byDefault: DocExample = { ...example, code, compatibility: 'none', steps }
  if (!/^\/\/ (?:here|java) /m.test(block)) return [byDefault]
  const asJava = code.replace(
    /new StreamsBuilder\((?:\{ ([^}]*)\})?/,
    "new StreamsBuilder({ compatibility: 'java', $1}",
  )
  const likeJava = { compatibility: 'java', steps: stepsOf(name, block, 'java') } as const
  return [byDefault, { ...byDefault, ...likeJava, name: `${name}-java`, code: asJava }]
}

/** As GitHub makes it. */
export function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-')
}

function stepsOf(name: string, block: string, mode: 'here' | 'java'): Step[] {
  const steps: { given: Line; expected: Line[] }[] = []
  for (const [, kind, topic = '', text = ''] of block.matchAll(/^\/\/ (in|out|here|java) +(\S+) +(.+)$/gm)) {
    if (kind === 'in') steps.push({ given: { topic, text }, expected: [] })
    else if (steps.length === 0) throw new Error(`${name}: something comes out before anything goes in`)
    else if (kind === 'out' || kind === mode) steps.at(-1)?.expected.push({ topic, text })
  }
  return steps
}
