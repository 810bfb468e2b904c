/**
 * What a translated scenario is, and what the translations share: the names of PublicScenarios.java, in this project's
 * words.
 */
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { Processor } from '../../../src/processor/processor.ts'
import type { ProcessorContext } from '../../../src/processor/processor-context.ts'
import type { StreamsConfig } from '../../../src/processor/streams-config.ts'
import { nullable, type AnySerde, type Serde } from '../../../src/serde/serde.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import type { Topology } from '../../../src/topology/topology.ts'

export interface VectorTopology {
  /** What the topology's own configuration adds to that of the scenario. */
  readonly config?: Partial<StreamsConfig>
  readonly build: (config: Partial<StreamsConfig>) => Topology
  /** The code of the error that Java's error is here. */
  readonly error?: string
  /** Key and value serde of the stores that are queried, where they are not those of the store itself. */
  readonly stores?: Readonly<Record<string, readonly [key: AnySerde, value: AnySerde]>>
  /** Headers of Java's records that this project does not write on purpose. */
  readonly withoutHeaders?: readonly string[]
}

/** The translations of one area, by the name of the scenario. */
export type VectorTopologies = Readonly<Record<string, VectorTopology>>

export type Text = string | null

/** Java's `Consumed.with(String, String)`, which admits null. */
export const STRINGS: { readonly key: Serde<Text>; readonly value: Serde<Text> } = {
  key: nullable(serdes.string),
  value: nullable(serdes.string),
}
export const strings: { readonly key: Serde<string>; readonly value: Serde<string> } = {
  key: serdes.string,
  value: serdes.string,
}

/** Serdes that Java has and this project needs not: null-tolerant Long and Integer. */
export const int64: Serde<number | null> = nullable(serdes.int64)
export const int32: Serde<number | null> = nullable(serdes.int32)

/** The joiner of most scenarios. */
export function pair(left: unknown, right: unknown): string {
  return `[${String(left)},${String(right)}]`
}

export function dsl(
  define: (builder: StreamsBuilder) => void,
  rest: Omit<VectorTopology, 'build'> = {},
): VectorTopology {
  return {
    ...rest,
    build: (config) => {
      const builder = new StreamsBuilder(config)
      define(builder)
      return builder.build()
    },
  }
}

export function papi(define: () => Topology, rest: Omit<VectorTopology, 'build'> = {}): VectorTopology {
  return { ...rest, build: define }
}

class Forward implements Processor<Text, Text, Text, Text> {
  #context: ProcessorContext<Text, Text> | undefined

  init(context: ProcessorContext<Text, Text>): void {
    this.#context = context
  }

  process(record: Parameters<Processor<Text, Text, Text, Text>['process']>[0]): void {
    this.#context?.forward(record)
  }
}

export function forward(): Processor<Text, Text, Text, Text> {
  return new Forward()
}
