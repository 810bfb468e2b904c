import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const projectRoot: string = fileURLToPath(new URL('../..', import.meta.url))

const notOurs = /^(?:node_modules|\.git|\.cache|dist.*)$/

/** Paths below `folder`, relative to the project and with forward slashes; never what is installed, built or cached. */
export function filesIn(folder: string): string[] {
  return readdirSync(path.join(projectRoot, folder), { withFileTypes: true })
    .filter((entry) => !notOurs.test(entry.name))
    .flatMap((entry) => {
      const file = path.posix.join(folder, entry.name)
      return entry.isDirectory() ? filesIn(file) : [file]
    })
    .toSorted()
}

export function read(file: string): string {
  return readFileSync(path.join(projectRoot, file), 'utf8')
}

export function sourceFiles(): string[] {
  return filesIn('src').filter((file) => file.endsWith('.ts'))
}

/** What a module imports or re-exports, types and dynamic imports included, as written. */
export function importsOf(source: string): string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
  const found = code.matchAll(/\b(?:from|import)\s*\(?\s*(?:'([^'\n]+)'|"([^"\n]+)")/g)
  return [...found].map((match) => match[1] ?? match[2] ?? '')
}
