/** A program as far as it is written: its calls, what they made, and how the next call picks from that. */
import type { SeededRandom } from '../../simulation/seeded-random.ts'
import type { Call, DataType, MaterializedAs, Query, StoreOf } from '../program.ts'

export type Kind = 'stream' | 'table' | 'group' | 'groupedTable' | 'globalTable' | 'split'

/** What a call made, and of what type it is. */
export interface Made {
  readonly id: number
  readonly kind: Kind
  readonly key: DataType
  readonly value: DataType
  /** As far as known from the calls: it has a version history. */
  readonly versioned?: true
}

/** Types of the records of a topic. */
export interface Input {
  readonly topic: string
  readonly key: DataType
  readonly value: DataType
}

export class Draft {
  readonly random: SeededRandom
  readonly calls: Call[] = []
  readonly made: Made[] = []
  readonly inputs: Input[] = []
  /** Stores that have a given name. */
  readonly queries: Query[] = []
  /** Stores that processors share. */
  readonly processorStores: StoreOf[] = []
  /** Global stores of processors. */
  readonly globalStores: string[] = []
  #names = 0
  #ids = 0

  constructor(random: SeededRandom) {
    this.random = random
  }

  add(kind: Kind, call: Call, key: DataType, value: DataType, more: Partial<Made> = {}): Made {
    const made: Made = { id: this.newId(), kind, key, value, ...more }
    this.calls.push({ ...call, id: made.id })
    this.made.push(made)
    return made
  }

  newId(): number {
    return this.#ids++
  }

  /** Rather a recent one than an old one, so that chains become long. */
  pick(kind: Kind, fits: (made: Made) => boolean = () => true): Made | undefined {
    const candidates = this.made.filter((made) => made.kind === kind && fits(made))
    if (candidates.length === 0) return undefined
    return this.random.pick(this.random.chance(0.6) ? candidates.slice(-3) : candidates)
  }

  /** Short and long, with and without a common beginning: their hashes decide Java's order. */
  name(): string {
    const base = this.random.pick(['n', 'processor-', 'KSTREAM-MAP-', 'a.b_', 'Z', ''])
    const letters = Array.from({ length: this.random.between(1, 5) }, () =>
      String.fromCharCode('a'.charCodeAt(0) + this.random.below(26)),
    )
    return `${base}${letters.join('')}${this.#names++}`
  }

  topic(prefix: string): string {
    return `${prefix}${this.#names++}`
  }

  named(probability: number): { name?: string } {
    return this.random.chance(probability) ? { name: this.name() } : {}
  }

  storeName(key: DataType): string {
    const store = this.name()
    this.queries.push({ store, k: key })
    return store
  }

  materialized(probability: number, key: DataType, caching = true): { mat?: MaterializedAs } {
    const { random } = this
    const isNamed = random.chance(probability)
    if (!isNamed && random.chance(0.6)) return {}
    const mat: MaterializedAs = {
      ...(isNamed ? { store: this.storeName(key) } : {}),
      ...(isNamed && random.chance(0.15) ? { supplier: {} } : {}),
      ...(caching && random.chance(0.25) ? { caching: random.chance(0.4) } : {}),
      ...(caching && random.chance(0.1) ? { logging: false } : {}),
    }
    return { mat }
  }

  versionedStore(key: DataType): { mat: MaterializedAs } {
    return { mat: { store: this.storeName(key), history: this.random.pick([0, 20, 100, 100_000]) } }
  }
}

export function isWindowed(key: DataType): boolean {
  return key.length > 1
}

/** Of a call on it: those types that are not text. */
export function typesOf({ key, value }: Made): { k?: DataType; v?: DataType } {
  return { ...(key === 'S' ? {} : { k: key }), ...(value === 'S' ? {} : { v: value }) }
}
