/** The applications of the kill test by the names of their topologies, and what follows from their topics. */
import { partitionsOf } from '../../src/cli/topic-reader.ts'
import type { TopicPartition } from '../../src/common/topic-partition.ts'
import type { Application, TopologyName } from './application.ts'
import { partitionCount } from './layout.ts'
import { windowsApplication } from './windows.ts'
import { wordsApplication } from './words.ts'

const applications: Readonly<Record<TopologyName, Application>> = {
  words: wordsApplication,
  windows: windowsApplication,
}

export function applicationOf({ topology }: { readonly topology: TopologyName }): Application {
  return applications[topology]
}

export function partitionsOfAll({ input, repartition, outputs, changelogs }: Application): TopicPartition[] {
  return [input, repartition, ...outputs, ...changelogs].flatMap((topic) => partitionsOf(topic, partitionCount))
}

/** What the group commits offsets of. */
export function consumedPartitions({ input, repartition }: Application): TopicPartition[] {
  return [input, repartition].flatMap((topic) => partitionsOf(topic, partitionCount))
}
