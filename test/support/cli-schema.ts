/** Documents of commands against their published schemas. */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true })

interface Schema {
  readonly properties?: Readonly<Record<string, { readonly items?: object }>>
  readonly definitions?: Readonly<Record<string, object>>
}

/** Throws with every place that does not fit; returns the parsed document otherwise. */
export function fitsSchema(name: string, text: string): unknown {
  return fits(name, schemaOf(name), text, JSON.parse(text))
}

/**
 * A line of `-o jsonl`: an item of the document's property `rows` with a schemaVersion, or of the definition of that name;
 * 'document' is the document itself.
 */
export function fitsSchemaOfRows(name: string, rows: string, line: string): unknown {
  if (rows === 'document') return fitsSchema(name, line)
  const { properties, definitions } = schemaOf(name)
  const schema = definitions?.[rows] ?? properties?.[rows]?.items
  if (schema === undefined) throw new Error(`${name}.schema.json says nothing of rows '${rows}'`)
  const { schemaVersion, ...row } = JSON.parse(line) as { readonly schemaVersion: unknown }
  if (schemaVersion !== 1) throw new Error(`${name}: a row without schemaVersion\n${line}`)
  return fits(name, { ...schema, definitions }, line, row)
}

function schemaOf(name: string): Schema {
  const file = new URL(`../../docs/schemas/${name}.schema.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as Schema
}

function fits(name: string, schema: object, text: string, document: unknown): unknown {
  if (!ajv.validate(schema, document)) throw new Error(`${name}: ${ajv.errorsText()}\n${text}`)
  return document
}
