/** Files with descriptions of topologies: written by `describe --out`, read by `--diff` and `--against`. */
import { writeFile } from 'node:fs/promises'
import { CliError } from '../errors/cli-error.ts'
import type { TopologyJson } from '../topology/description.ts'
import { savedDescription } from '../topology/saved-description.ts'
import { readInputFile } from './small-file.ts'

/** `option`: as its user wrote it, for messages. */
export function readDescription(file: string, option: string): TopologyJson {
  let text: string
  try {
    text = readInputFile(file)
  } catch (error) {
    throw new CliError('MILLRACE_INPUT_INVALID', `${option} ${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
  const found = savedDescription(parsed(text))
  if (typeof found !== 'string') return found
  throw new CliError(
    'MILLRACE_INPUT_INVALID',
    `${option} ${file} is no description of a topology: ${found}; make one of the deployed version with: millrace describe <module> --format json --out ${file}`,
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

export async function writeOutput(file: string, content: string): Promise<void> {
  try {
    await writeFile(file, content)
  } catch (error) {
    throw new CliError('MILLRACE_PRECONDITION', `--out ${file} cannot be written: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
