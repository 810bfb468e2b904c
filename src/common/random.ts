import { randomUUID } from 'node:crypto'

/** The only source of chance in `src`, so that a seeded simulation can replace it. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A random UUID in its 36 characters. */
  uuid(): string
}

export const systemRandom: Random = { next: () => Math.random(), uuid: () => randomUUID() }
