/**
 * A program of the differential test: the calls that make a topology, and what is done with it. It is plain JSON, and two
 * interpreters run it: java/Calls.java on Kafka Streams, replay.ts on millrace.
 */

/**
 * S: text. L: a number. A: a list of texts. W: a key with a session. T10: a key with a time window of 10 ms; Tmax: an
 * unlimited one. LW, LT10, LTmax: the same of a number.
 */
export type DataType = 'S' | 'L' | 'A' | `${'' | 'L'}${'W' | `T${number}` | 'Tmax'}`

/** A key or a value of an input: text, a number of 8 bytes, a list of texts. */
export type Data = string | number | readonly string[] | null

export interface MaterializedAs {
  readonly store?: string
  readonly caching?: boolean
  readonly logging?: false
  readonly retention?: number
  /** A store supplier takes the place of the name; those of windows and sessions say how long and how large. */
  readonly supplier?: { readonly retention?: number; readonly size?: number }
  /** A versioned store with so long a history. */
  readonly history?: number
}

export type StoreKindOf = 'keyValue' | 'timestamped' | 'window' | 'duplicates' | 'session' | 'versioned'

/** A store of a user's processor. */
export interface StoreOf {
  readonly store: string
  readonly kind: StoreKindOf
  readonly caching?: true
  readonly logging?: false
}

export type WindowsOf =
  | { readonly kind: 'time'; readonly size: number; readonly advance: number; readonly grace: number }
  | { readonly kind: 'unlimited'; readonly start: number }
  | { readonly kind: 'sliding'; readonly difference: number; readonly grace: number }
  | { readonly kind: 'session'; readonly gap: number; readonly grace: number }

/** One call. `id` is what later calls name it by, in `from`, `other` and `groups`; absent options are not given. */
export interface Call {
  readonly op: string
  readonly id?: number
  readonly from?: number
  readonly other?: number
  readonly groups?: readonly number[]
  readonly name?: string
  readonly mat?: MaterializedAs
  /** Type of the key, of the value, and of the other side's value; S where absent. */
  readonly k?: DataType
  readonly v?: DataType
  readonly vo?: DataType
  readonly topics?: readonly string[]
  readonly pattern?: string
  readonly topic?: string
  readonly store?: string
  readonly extractor?: 'value'
  /** The callback throws for texts that begin with z. */
  readonly fails?: true
  readonly partitions?: number
  readonly partitioner?: 'drops' | 'zero'
  /** What a sink chooses its topic by. */
  readonly by?: 'length' | 'topic'
  /** The store of a processor, and whether its supplier brings it along. */
  readonly uses?: StoreOf
  readonly brings?: true
  /** A global store that a processor reads. */
  readonly reads?: string
  /** Rows of its store that a processor tells with every record. */
  readonly scan?: 'all' | 'reverse' | 'some'
  /** Names of store suppliers for both sides of a join. */
  readonly suppliers?: { readonly this: string; readonly other: string }
  readonly how?: 'inner' | 'left' | 'outer'
  readonly agg?: 'count' | 'reduce' | 'aggregate'
  readonly windows?: WindowsOf
  readonly emit?: 'close'
  readonly before?: number
  readonly after?: number
  readonly grace?: number
  readonly logging?: false
  readonly punctuate?: number
  readonly close?: true
  readonly limit?: number
  readonly maxRecords?: number
  readonly maxBytes?: number
  readonly shutDown?: true
  readonly branches?: readonly BranchOf[]
  readonly default?: Omit<BranchOf, 'on'>
  readonly index?: number
}

export interface BranchOf {
  readonly on?: 'a' | 'even'
  readonly name?: string
  /** One of three: nothing, a consumer that writes to the topic, a function that maps. */
  readonly plain?: true
  readonly topic?: string
  readonly mapped?: true
}

export type Step =
  | {
      readonly topic: string
      readonly key: Data
      readonly value: Data
      readonly ts: number
      readonly header?: string | null
    }
  | { readonly wall: number }

export interface ProgramConfig {
  readonly cache: number
  /** As Java's `topology.optimization`. */
  readonly optimization: string
  readonly emitInterval: number
  /** Handlers that log and go on. */
  readonly skips?: 'processing' | 'deserialization' | 'both'
  /** By a processor wrapper that notes the names it is given. */
  readonly wrapped?: true
}

/** A store that is read at the end, with the type of its keys. */
export interface Query {
  readonly store: string
  readonly k: DataType
}

export interface Program {
  readonly seed: number
  readonly config: ProgramConfig
  readonly calls: readonly Call[]
  readonly steps: readonly Step[]
  readonly queries: readonly Query[]
}

/** Topic, key and value in hex, timestamp, headers. */
export type Produced = readonly [
  topic: string,
  key: string | null,
  value: string | null,
  timestamp: number | null,
  headers: string,
]

export type Row = readonly (string | number)[]

/** What became of a program. `refused`: it cannot be built; the rest is then absent. */
export interface Outcome {
  readonly describe?: string
  readonly refused?: string
  /** As many as were run: a failure ends it, and so do too many records. */
  readonly steps?: readonly { readonly out?: readonly Produced[]; readonly error?: string }[]
  readonly stores?: Readonly<Record<string, readonly Row[]>>
  readonly dropped?: number
  /** The names that a processor wrapper was given. */
  readonly wrapped?: readonly string[]
}
