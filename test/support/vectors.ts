/** The recorded behaviour of Kafka Streams; its format: README of the recorder that made test/testdata/vectors. */
import { readFileSync } from 'node:fs'

export interface VectorError {
  readonly class: string
  readonly message: string | null
  readonly cause?: VectorError
}

export interface Vector {
  readonly name: string
  readonly config?: Readonly<Record<string, unknown>>
  readonly describe: string
  readonly error?: VectorError
  readonly steps: readonly unknown[]
}

const file = new URL('../testdata/vectors/kafka-streams.json', import.meta.url)

export const vectors: readonly Vector[] = JSON.parse(readFileSync(file, 'utf8')) as Vector[]

export function vectorNamed(name: string): Vector {
  const vector = vectors.find((candidate) => candidate.name === name)
  if (vector === undefined) throw new Error(`there is no vector '${name}'`)
  return vector
}
