/**
 * JSON that is checked when it is read, for the examples: a few lines in place of zod, valibot or arktype, whose schemas
 * `serdes.json` takes as they are. A record that does not fit is an error that names the field.
 */
import { serdes, type Serde, type StandardSchema, type TimestampExtractor } from 'millrace'

interface Kinds {
  readonly text: string
  readonly number: number
  /** As `2026-11-02T10:00:00Z`. */
  readonly time: string
}

type Shape = Readonly<Record<string, keyof Kinds>>
type Fields<S extends Shape> = { readonly [Name in keyof S]: Kinds[S[Name]] }

export function jsonOf<const S extends Shape>(shape: S): Serde<Fields<S>> {
  const validate = (value: unknown): object => {
    const fields = (typeof value === 'object' ? value : null) ?? {}
    const issues = Object.entries(shape)
      .filter(([name, kind]) => !isOf(kind, (fields as Record<string, unknown>)[name]))
      .map(([name, kind]) => ({ message: `it is to be a ${kind}`, path: [name] }))
    return issues.length > 0 ? { issues } : { value }
  }
  const schema: StandardSchema<Fields<S>> = { '~standard': { version: 1, vendor: 'example', validate } }
  return serdes.json(schema)
}

function isOf(kind: keyof Kinds, value: unknown): boolean {
  if (kind === 'number') return typeof value === 'number'
  return typeof value === 'string' && (kind === 'text' || !Number.isNaN(Date.parse(value)))
}

/** Event time is what a record says of itself in its field `at`, however long it was on its way. */
export const byItsTime: TimestampExtractor = ({ value }) => Date.parse((value as { readonly at: string }).at)
