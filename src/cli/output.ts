/**
 * What a command prints on standard output: text for people, or one JSON document, or a JSON line for each row. Every
 * document has `schemaVersion`; its schema is `docs/schemas/<command>.schema.json`. A field may be added to a version;
 * whoever reads a document must pass over what it does not know.
 */
import { print } from './terminal.ts'

export type OutputFormat = 'text' | 'json' | 'jsonl'

export const schemaVersion = 1

export interface Output<D extends object> {
  /** All that is known; `schemaVersion` is added in front. */
  readonly document: D
  /** Those of `-o jsonl`; default: the document as the only one. */
  readonly rows?: readonly object[]
  /** For people; called only where it is wanted. Ends with a line end. */
  readonly text: () => string
}

export async function emit<D extends object>(format: OutputFormat, { document, rows, text }: Output<D>): Promise<void> {
  if (format === 'text') await print(text())
  else if (format === 'json') await print(`${JSON.stringify({ schemaVersion, ...document }, undefined, 2)}\n`)
  else await print((rows ?? [document]).map((row) => `${JSON.stringify({ schemaVersion, ...row })}\n`).join(''))
}
