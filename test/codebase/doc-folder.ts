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

export function makeDocFolder(): DocFolder {
  const cache = path.join(projectRoot, '.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(path.join(cache, 'doc-examples-'))
  const fileOf = (name: string): string => path.join(folder, `${name}.ts`)
  const compilerOptions = { noUnusedLocals: false, incremental: false, tsBuildInfoFile: null }
  const config = { extends: '../../tsconfig.json', compilerOptions, include: ['*.ts'] }
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config))
  for (const { name, code } of docExamples) writeFileSync(fileOf(name), code)
  return {
    path: folder,
    load: async (name) => (await import(/* @vite-ignore */ fileOf(name))) as { builder: StreamsBuilder },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
