/**
 * Loads a topology module: a TypeScript or JavaScript file whose default export `defineTopology` made; `file.ts#name` for
 * another of its exports.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { CliError } from '../errors/cli-error.ts'
import { StreamsError } from '../errors/streams-error.ts'
import type { TopologyModule } from '../dsl/define-topology.ts'

export async function loadTopologyModule(named: string): Promise<TopologyModule> {
  const { file, exported } = partsOf(named)
  const absolute = path.resolve(file)
  if (!existsSync(absolute)) {
    throw new CliError('MILLRACE_MODULE_NOT_FOUND', `there is no file '${file}' (looked for ${absolute})`)
  }
  const loaded = await importModule(absolute, file)
  const found = exported === undefined ? defaultExport(loaded) : property(loaded, exported)
  if (!isTopologyModule(found)) {
    throw new CliError(
      'MILLRACE_MODULE_INVALID',
      `the ${exported === undefined ? 'default export' : `export '${exported}'`} of '${file}' is not a topology module; write: export default defineTopology('my-application', (builder) => { … })`,
    )
  }
  return found
}

/** A `#` may also be part of a file's name. */
function partsOf(named: string): { readonly file: string; readonly exported: string | undefined } {
  const hash = named.lastIndexOf('#')
  if (hash <= 0 || existsSync(path.resolve(named))) return { file: named, exported: undefined }
  return { file: named.slice(0, hash), exported: named.slice(hash + 1) }
}

async function importModule(absolute: string, file: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(absolute).href)
  } catch (error) {
    if (error instanceof StreamsError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new CliError('MILLRACE_MODULE_INVALID', `'${file}' does not load: ${reason}`, { cause: error })
  }
}

/** A CommonJS module's exports arrive wrapped once more. */
function defaultExport(loaded: unknown): unknown {
  const found = property(loaded, 'default')
  return isTopologyModule(found) ? found : (property(found, 'default') ?? found)
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function isTopologyModule(value: unknown): value is TopologyModule {
  return typeof property(value, 'applicationId') === 'string' && typeof property(value, 'build') === 'function'
}
