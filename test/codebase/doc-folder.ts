import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { docExamples } from './doc-examples.ts'
import { projectRoot } from './project-files.ts'

/** The examples of the documents as files of a project, to be compiled and loaded. */
export interface DocFolder extends Disposable {
  readonly path: string
  /** What the example exports: its `builder`, if it goes on from one. */
  load(name: string): Promise<{ readonly builder: StreamsBuilder }>
}

/** Stands for node:test, which would report a failure to nobody here: a test runs when it is told, and fails its example. */
const nodeTest = `
export const running: Promise<void>[] = []
export function test(_title: string, body: () => void | Promise<void>): void {
  const result = body()
  if (result !== undefined) running.push(result)
}
`

export function makeDocFolder(): DocFolder {
  const cache = path.join(projectRoot, '.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(path.join(cache, 'doc-examples-'))
  const fileOf = (name: string): string => path.join(folder, `${name}.ts`)
  const compilerOptions = { noUnusedLocals: false, incremental: false, tsBuildInfoFile: null }
  const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] }
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config))
  writeFileSync(fileOf('node-test'), nodeTest)
  for (const { name, code } of docExamples) writeFileSync(fileOf(name), code.replace("'node:test'", "'./node-test.ts'"))
  return {
    path: folder,
    load: async (name) => {
      const loaded = (await import(/* @vite-ignore */ fileOf(name))) as { builder: StreamsBuilder }
      const { running } = (await import(/* @vite-ignore */ fileOf('node-test'))) as { running: Promise<void>[] }
      await Promise.all(running.splice(0))
      return loaded
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
