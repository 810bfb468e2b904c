/** Documents of commands against their published schemas. */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true })

/** Throws with every place that does not fit; resolves with the parsed document otherwise. */
export function fitsSchema(name: string, text: string): unknown {
  const file = new URL(`../../docs/schemas/${name}.schema.json`, import.meta.url)
  const schema = JSON.parse(readFileSync(file, 'utf8')) as object
  const document: unknown = JSON.parse(text)
  if (!ajv.validate(schema, document)) throw new Error(`${name}: ${ajv.errorsText()}\n${text}`)
  return document
}
