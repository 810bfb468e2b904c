/** `millrace init [directory]`: a new project. Writes files and nothing else: no network, no questions. */
import { existsSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { CliError } from '../../errors/cli-error.ts'
import { emit } from '../output.ts'
import type { OutputFormat } from '../output.ts'
import { quoted } from '../shell/words.ts'
import { styled } from '../style.ts'
import type { ProjectFile } from './container-files.ts'
import { examples } from './examples.ts'
import { ownManifest } from './packaged.ts'
import { projectFiles } from './project-files.ts'

export interface InitOptions {
  readonly output: OutputFormat
  readonly name?: string
  readonly example: string
  readonly tests: 'node' | 'vitest'
  readonly millrace?: string
  readonly force?: boolean
}

/** As labels of Kubernetes, images and packages take them, with room for what is put behind it. */
const nameForm = /^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/

export async function initCommand(directory: string, options: InitOptions): Promise<void> {
  const folder = path.resolve(directory)
  const name = nameOf(folder, options.name)
  const example = examples.find((one) => one.name === options.example)
  if (example === undefined) throw new CliError('MILLRACE_USAGE', `--example: there is no '${options.example}'`)
  const { spec, files: carried } = dependency(options.millrace, folder)
  const files = [...projectFiles({ name, example, tests: options.tests, millrace: spec }), ...carried]
  checkFolder(folder, files, options.force === true)
  for (const { path: file, content } of files) writeFile(path.join(folder, file), content, options.force === true)
  const document = { directory: folder, name, example: example.name, files: files.map((file) => file.path) }
  await emit(options.output, { document, text: () => nextSteps(directory, name, files.length) })
}

function nameOf(folder: string, given: string | undefined): string {
  const name =
    given ??
    path
      .basename(folder)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^[-\d]+|-+$/g, '')
  if (nameForm.test(name)) return name
  throw new CliError(
    'MILLRACE_USAGE',
    given === undefined
      ? `the directory's name makes no name for the project ('${path.basename(folder)}'); give one: --name my-application`
      : `--name takes lower-case letters, digits and dashes, at most 40, beginning with a letter, not '${given}'`,
  )
}

/** A tarball goes into the project, so that the image can be built of it alone. */
function dependency(
  given: string | undefined,
  folder: string,
): { readonly spec: string; readonly files: readonly ProjectFile[] } {
  if (given === undefined) return { spec: `^${ownManifest().version}`, files: [] }
  if (!/\.t(?:ar\.)?gz$/.test(given) || /^[a-z+]+:\/\//.test(given)) return { spec: given, files: [] }
  const file = path.resolve(given.replace(/^file:/, ''))
  if (!existsSync(file)) throw new CliError('MILLRACE_USAGE', `--millrace: there is no file '${given}'`)
  const base = path.basename(file)
  // It may lie there already.
  const files = path.dirname(file) === folder ? [] : [{ path: base, content: readFileSync(file) }]
  return { spec: `file:./${base}`, files }
}

function checkFolder(folder: string, files: readonly ProjectFile[], force: boolean): void {
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new CliError('MILLRACE_PRECONDITION', `'${folder}' is no directory`)
  }
  if (!force) refuseOverwriting(folder, files)
  // Also without --force: a linked folder has room for more files.
  const link = files.flatMap((file) => stepsTo(file.path)).find((step) => isLink(path.join(folder, step)))
  if (link !== undefined) {
    throw new CliError(
      'MILLRACE_PRECONDITION',
      `nothing was written, because '${link}' is a link, and what it leads to would be changed; remove it, or choose another directory`,
    )
  }
}

function refuseOverwriting(folder: string, files: readonly ProjectFile[]): void {
  const there = files.map((file) => file.path).filter((file) => isThere(path.join(folder, file)))
  if (there.length === 0) return
  throw new CliError(
    'MILLRACE_PRECONDITION',
    `nothing was written, because these files are there already: ${there.join(', ')}; choose another directory, or --force to overwrite them`,
  )
}

/** `a/b/c`: `a`, `a/b`, `a/b/c`. */
function stepsTo(file: string): string[] {
  const names = file.split('/')
  return names.map((_, index) => names.slice(0, index + 1).join('/'))
}

function isLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true
}

/** A link that leads nowhere is there, too. */
function isThere(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined
}

function writeFile(file: string, content: string | Uint8Array, force: boolean): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content, { flag: force ? 'w' : 'wx' })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CliError('MILLRACE_PRECONDITION', `'${file}' cannot be written: ${reason}`, { cause })
  }
}

function nextSteps(directory: string, name: string, count: number): string {
  const step = (command: string, what: string): string =>
    `  ${styled('name', command)}${' '.repeat(Math.max(1, 34 - command.length))}${styled('quiet', what)}`.trimEnd() +
    '\n'
  return (
    `${name}: ${count} files. Next:\n` +
    (path.resolve(directory) === process.cwd() ? '' : step(`cd ${quoted(directory)}`, '')) +
    step('npm install', '') +
    step('npm test', 'the topology alone') +
    step('npm run dev', 'the application on a broker in memory; README.md says what to send') +
    step('docker compose up --build --wait', 'three replicas, with Kafka')
  )
}
