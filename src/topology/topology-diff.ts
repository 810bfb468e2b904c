/**
 * Two descriptions of one application: what changed, and whether the new version can go on with what the old one left.
 * It judges by descriptions only, so what those do not show it cannot see: the code of callbacks, the inside of serdes of
 * one name, partition counts of users' topics. Kafka Streams has nothing like it.
 */
import { DescriptionGraph } from './description-graph.ts'
import type { TopologyJson } from './description.ts'
import { describeText } from './describe-text.ts'
import { worst, worstFirst, type TopologyChange, type TopologyDiff } from './diff-model.ts'
import { diffNodes } from './diff-nodes.ts'
import { diffStores } from './diff-stores.ts'
import { diffTopics } from './diff-topics.ts'

export function diffTopologies(before: TopologyJson, after: TopologyJson): TopologyDiff {
  const [old, now] = [new DescriptionGraph(before), new DescriptionGraph(after)]
  const changes = worstFirst([
    ...applicationChange(before, after),
    ...diffStores(old, now),
    ...diffTopics(old, now),
    ...diffNodes(old, now),
    ...renumberedTasks(old, now),
  ])
  const verdict = worst(changes.map((change) => change.verdict))
  const isOneGroup = before.applicationId === after.applicationId && fingerprint(before) === fingerprint(after)
  return {
    verdict,
    // The group would take both, and each would work on state that the other one writes otherwise.
    rolling: isOneGroup && verdict !== 'needs-reset',
    changes,
    leftoverTopics: leftovers(before, after),
  }
}

function applicationChange(
  { applicationId: one }: TopologyJson,
  { applicationId: two }: TopologyJson,
): TopologyChange[] {
  if (one === undefined || two === undefined || one === two) return []
  return [
    {
      rule: 'application-id-changed',
      subject: 'application',
      name: two,
      verdict: 'needs-reset',
      message: `the application id was ${one} and is ${two}: offsets, internal topics and local state are found under the id, so it begins anew`,
      action: `keep the id ${one}; or stop the old application for good, and delete what it left`,
      before: one,
      after: two,
    },
  ]
}

/** Of sub-topologies without stores, which have nothing to restore; the others are told with their stores. */
function renumberedTasks(before: DescriptionGraph, after: DescriptionGraph): TopologyChange[] {
  const seen = new Set<string>()
  return [...after.nodes()].flatMap((node): TopologyChange[] => {
    const [from, to] = [before.subTopologyOf(node.name), after.subTopologyOf(node.name)]
    if (from === undefined || to === undefined || from === to || node.kind !== 'source') return []
    const hasStores = after.topology.stores.some(({ subTopology, isGlobal }) => subTopology === to && !isGlobal)
    const key = `${from} ${to}`
    if (hasStores || isGlobalPart(after.topology, to) || seen.has(key)) return []
    seen.add(key)
    const message = `sub-topology ${from} is ${to} now, so tasks ${from}_* are tasks ${to}_*; they have no state`
    const words = { before: String(from), after: String(to) }
    return [{ rule: 'tasks-moved', subject: 'sub-topology', name: String(to), verdict: 'safe', message, ...words }]
  })
}

function isGlobalPart({ subTopologies }: TopologyJson, id: number): boolean {
  return subTopologies.some((part) => part.id === id && part.kind === 'global-store')
}

/** What a group compares to decide whether members may share tasks (`KafkaStreams`). */
function fingerprint(topology: TopologyJson): string {
  const stores = topology.stores.flatMap(({ name, kind, changelogTopic, isGlobal }) =>
    isGlobal ? [] : [JSON.stringify([name, kind, changelogTopic])],
  )
  return JSON.stringify([describeText(topology), stores.toSorted(), topology.repartitionTopics])
}

function leftovers(before: TopologyJson, after: TopologyJson): string[] {
  const isOwn = ({ kind }: TopologyJson['topics'][number]): boolean => kind !== 'external'
  const used = new Set(after.topics.filter(isOwn).map(({ name }) => name))
  const prefix = before.applicationId === undefined ? '' : `${before.applicationId}-`
  const isOtherApplication =
    before.applicationId !== undefined &&
    after.applicationId !== undefined &&
    before.applicationId !== after.applicationId
  return before.topics
    .filter((topic) => isOwn(topic) && (isOtherApplication || !used.has(topic.name)))
    .map(({ name }) => `${prefix}${name}`)
}
