/** What a kill test needs to know of the application that its instances run. */
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import type { Findings, Promised } from './checks.ts'

export type TopologyName = 'words' | 'windows'

/** One sub-topology reads the input and writes to the repartition topic, the other one reads that. */
export interface Application {
  readonly topology: TopologyName
  /** In this folder. */
  readonly file: string
  readonly input: string
  readonly repartition: string
  /** The first of them, and the first changelog, are written by the sub-topology behind the repartition topic. */
  readonly outputs: readonly [string, ...string[]]
  readonly changelogs: readonly [string, ...string[]]
  /** How many records a run has where nobody says it: about the same time for all. */
  readonly records: number
  load(seed: number): Load
}

export interface LoadRecord {
  readonly partition: number
  readonly key: string | null
  readonly value: string
  readonly timestamp: number
}

/** What is put in, and what must have come of it. */
export interface Load {
  next(nowMs: number): LoadRecord
  /** Records that bring what waits to its end, when all others were processed: one after the other, with a pause. */
  endings(): readonly (readonly LoadRecord[])[]
  check(client: KafkaClient, promised: Promised): Promise<Findings>
}
