/** Topics of two versions: inputs, outputs and the repartition topics between. */
import type { NodeDescription, TopicDescription } from './description.ts'
import { serdesText } from './describe-words.ts'
import type { DescriptionGraph } from './description-graph.ts'
import type { TopologyChange } from './diff-model.ts'

export function diffTopics(before: DescriptionGraph, after: DescriptionGraph): TopologyChange[] {
  return [
    ...diffRepartitions(before, after),
    ...diffInputs(before, after),
    ...diffOutputs(before, after),
    ...diffCopartitioning(before, after),
  ]
}

// --- repartition topics -------------------------------------------------------------------------------------------------

const drain =
  'stop what writes to the inputs, wait until the application has no lag, then stop it; or reset the application'

function diffRepartitions(before: DescriptionGraph, after: DescriptionGraph): TopologyChange[] {
  const [old, now] = [repartitionsOf(before), repartitionsOf(after)]
  const removed = old.filter(({ name }) => !now.some((topic) => topic.name === name))
  const added = now.filter(({ name }) => !old.some((topic) => topic.name === name))
  const renamed = removed.flatMap((was) => {
    const partner = added.find((topic) => destination(topic, after) === destination(was, before))
    return partner === undefined ? [] : [{ was, topic: partner }]
  })
  return [
    ...renamed.map(({ was, topic }): TopologyChange => ({
      rule: 'repartition-topic-renamed',
      subject: 'topic',
      name: topic.name,
      verdict: 'needs-reset',
      message: `${was.name} is ${topic.name} now: records that wait in the old one are never processed`,
      action: drain,
      before: was.name,
      after: topic.name,
    })),
    ...removed
      .filter((was) => !renamed.some((pair) => pair.was === was))
      .map((was) => removedChange(was, before, after)),
    ...added.filter((topic) => !renamed.some((pair) => pair.topic === topic)).map((topic) => addedChange(topic)),
    ...now.flatMap((topic) => {
      const was = old.find(({ name }) => name === topic.name)
      return was === undefined ? [] : [...partitionChange(was, topic), ...repartitionSerdeChange(was, topic)]
    }),
  ]
}

function repartitionsOf({ topology }: DescriptionGraph): TopicDescription[] {
  return topology.topics.filter(({ kind }) => kind === 'repartition')
}

/** What becomes of its records: the stores and topics they get to, and where they are from. */
function destination({ readBy, writtenBy }: TopicDescription, graph: DescriptionGraph): string {
  const inputs = graph.above(writtenBy).flatMap((node) => node.topics ?? [])
  return JSON.stringify([inputs.filter((topic) => !graph.isRepartition(topic)).toSorted(), ...reached(readBy, graph)])
}

function reached(readBy: readonly string[], graph: DescriptionGraph): readonly (readonly string[])[] {
  const below = graph.below(readBy)
  const stores = below.flatMap((node) => node.stores ?? [])
  const topics = below.flatMap((node) => node.topic ?? node.topicLabel ?? [])
  return [stores.toSorted(), topics.filter((topic) => !graph.isRepartition(topic)).toSorted()]
}

function removedChange(was: TopicDescription, before: DescriptionGraph, after: DescriptionGraph): TopologyChange {
  const [stores = [], topics = []] = reached(was.readBy, before)
  const isStore = (name: string): boolean => after.topology.stores.some((store) => store.name === name)
  const isWritten = (name: string): boolean => (after.topic(name)?.writtenBy.length ?? 0) > 0
  const isWaitedFor = stores.some(isStore) || topics.some(isWritten)
  const change = { rule: 'repartition-topic-removed', subject: 'topic', name: was.name } as const
  if (!isWaitedFor) {
    return {
      ...change,
      verdict: 'migrates',
      message: `${was.name} is left over, and so is all that came of its records`,
    }
  }
  return {
    ...change,
    verdict: 'needs-reset',
    message: `${was.name} is gone: records that wait in it are never processed`,
    action: drain,
  }
}

function addedChange({ name }: TopicDescription): TopologyChange {
  return {
    rule: 'repartition-topic-added',
    subject: 'topic',
    name,
    verdict: 'safe',
    message: `${name} is new; the application creates it`,
  }
}

function partitionChange(was: TopicDescription, topic: TopicDescription): TopologyChange[] {
  if (was.partitions === topic.partitions) return []
  const words = (count: number | null): string => (count === null ? 'as many as its inputs' : String(count))
  const isCertain = was.partitions !== null && topic.partitions !== null
  return [
    {
      rule: 'repartition-partitions-changed',
      subject: 'topic',
      name: topic.name,
      verdict: isCertain ? 'needs-reset' : 'migrates',
      message: `${topic.name} has ${words(was.partitions)} partitions and needs ${words(topic.partitions)}: ${isCertain ? 'the start is refused (MILLRACE_INTERNAL_TOPIC_MISCONFIGURED)' : 'where these are different counts the start is refused (MILLRACE_INTERNAL_TOPIC_MISCONFIGURED), and nothing is touched'}`,
      action: `give repartition() another name, after waiting until ${topic.name} has no lag; what stores downstream have stays in partitions of the old count, so reset the application where there are any`,
      before: words(was.partitions),
      after: words(topic.partitions),
    },
  ]
}

function repartitionSerdeChange(was: TopicDescription, topic: TopicDescription): TopologyChange[] {
  const [one, two] = [serdesText(was.keySerde, was.valueSerde), serdesText(topic.keySerde, topic.valueSerde)]
  if (one === two) return []
  return [
    {
      rule: 'repartition-serde-changed',
      subject: 'topic',
      name: topic.name,
      verdict: 'needs-reset',
      message: `${topic.name} holds ${one} and would be read as ${two}: records that wait in it cannot be read, or mean something else`,
      action: drain,
      before: one,
      after: two,
    },
  ]
}

// --- inputs and outputs -------------------------------------------------------------------------------------------------

/** By topic, or by pattern: the node that reads it. */
function inputsOf(graph: DescriptionGraph): ReadonlyMap<string, NodeDescription> {
  return new Map(
    [...graph.nodes()].flatMap((node) => {
      const topics = (node.topics ?? []).filter((topic) => !graph.isRepartition(topic))
      const names = node.pattern === undefined ? topics : [...topics, `/${node.pattern}/`]
      return names.map((name) => [name, node] as const)
    }),
  )
}

function diffInputs(before: DescriptionGraph, after: DescriptionGraph): TopologyChange[] {
  const [old, now] = [inputsOf(before), inputsOf(after)]
  const added = [...now].filter(([name]) => !old.has(name))
  const removed = [...old].filter(([name]) => !now.has(name))
  const kept = [...now].flatMap(([name, node]) => {
    const was = old.get(name)
    return was === undefined ? [] : [{ name, was, node }]
  })
  return [
    ...added.map(([name, node]) => inputAdded(name, keptStores(node, after, before))),
    ...removed.map(([name, node]) => inputRemoved(name, keptStores(node, before, after))),
    ...kept.flatMap(({ name, was, node }) => [...inputSerde(name, was, node), ...inputOffsetReset(name, was, node)]),
  ]
}

/** Stores with changelogs that share tasks with the node, and are in the other version too. */
function keptStores(node: NodeDescription, own: DescriptionGraph, other: DescriptionGraph): string[] {
  const id = own.subTopologyOf(node.name)
  return own.topology.stores
    .filter(({ subTopology, changelogTopic, isGlobal }) => subTopology === id && changelogTopic !== null && !isGlobal)
    .map(({ name }) => name)
    .filter((name) => other.topology.stores.some((store) => store.name === name))
}

function inputAdded(name: string, stores: readonly string[]): TopologyChange {
  const change = { rule: 'input-added', subject: 'topic', name } as const
  if (stores.length === 0) {
    return { ...change, verdict: 'safe', message: `${name} is read now, from where offsetReset says` }
  }
  return {
    ...change,
    verdict: 'migrates',
    message: `${name} is read now, from where offsetReset says, by tasks that have ${stores.join(', ')}: with more partitions than the present inputs the changelogs would need more, and the start is refused`,
    action: `create ${name} with at most as many partitions as the other inputs of these tasks`,
  }
}

function inputRemoved(name: string, stores: readonly string[]): TopologyChange {
  const change = { rule: 'input-removed', subject: 'topic', name } as const
  const offsets = 'its committed offsets stay, and if it comes back soon it is read from there'
  if (stores.length === 0) return { ...change, verdict: 'safe', message: `${name} is not read any more; ${offsets}` }
  return {
    ...change,
    verdict: 'migrates',
    message: `${name} is not read any more by tasks that have ${stores.join(', ')}; ${offsets}. If it has more partitions than the other inputs, the changelogs have too many, and the start is refused`,
  }
}

function inputSerde(name: string, was: NodeDescription, node: NodeDescription): TopologyChange[] {
  const [one, two] = [serdesText(was.keySerde, was.valueSerde), serdesText(node.keySerde, node.valueSerde)]
  if (one === two) return []
  return [
    {
      rule: 'input-serde-changed',
      subject: 'topic',
      name,
      verdict: 'migrates',
      message: `${name} was read as ${one} and is read as ${two}, records that are there already too`,
      action:
        'make sure that the records from the committed offset on are in the new form, or set onDeserializationError',
      before: one,
      after: two,
    },
  ]
}

function inputOffsetReset(name: string, was: NodeDescription, node: NodeDescription): TopologyChange[] {
  const [one, two] = [was, node].map(({ offsetReset = 'as configured' }) =>
    typeof offsetReset === 'string' ? offsetReset : `${offsetReset.byDurationMs} ms back`,
  )
  if (one === two || one === undefined || two === undefined) return []
  const message = `${name} begins at ${two} instead of ${one} where it has no committed offset, which it has`
  return [
    { rule: 'input-offset-reset-changed', subject: 'topic', name, verdict: 'safe', message, before: one, after: two },
  ]
}

function diffOutputs(before: DescriptionGraph, after: DescriptionGraph): TopologyChange[] {
  const outputs = ({ topology }: DescriptionGraph): TopicDescription[] =>
    topology.topics.filter(({ kind, writtenBy }) => kind === 'external' && writtenBy.length > 0)
  const [old, now] = [outputs(before), outputs(after)]
  const safe = { subject: 'topic', verdict: 'safe' } as const
  return [
    ...now
      .filter(({ name }) => !old.some((topic) => topic.name === name))
      .map(({ name }): TopologyChange => ({
        ...safe,
        rule: 'output-added',
        name,
        message: `${name} is written to now`,
      })),
    ...old
      .filter(({ name }) => !now.some((topic) => topic.name === name))
      .map(({ name }): TopologyChange => ({
        ...safe,
        rule: 'output-removed',
        name,
        message: `${name} is not written to any more`,
      })),
    ...now.flatMap((topic): TopologyChange[] => {
      const was = old.find(({ name }) => name === topic.name)
      // What is read back is told as an input.
      if (was === undefined || was.readBy.length > 0) return []
      const [one, two] = [serdesText(was.keySerde, was.valueSerde), serdesText(topic.keySerde, topic.valueSerde)]
      const message = `${topic.name} is written as ${two} instead of ${one}: those who read it find both`
      return one === two
        ? []
        : [{ ...safe, rule: 'output-serde-changed', name: topic.name, message, before: one, after: two }]
    }),
  ]
}

function diffCopartitioning(before: DescriptionGraph, after: DescriptionGraph): TopologyChange[] {
  const old = before.topology.copartitionGroups
  const isKnown = (group: readonly string[]): boolean =>
    old.some((each) => group.every((topic) => each.includes(topic)))
  const isOfOldTopics = (group: readonly string[]): boolean =>
    group.filter((topic) => before.topic(topic) !== undefined).length > 1
  return after.topology.copartitionGroups
    .filter((group) => !isKnown(group) && isOfOldTopics(group))
    .map((group) => ({
      rule: 'copartitioning-added',
      subject: 'topic',
      name: group.join(', '),
      verdict: 'migrates',
      message: `${group.join(', ')} need equal partition counts now; where they differ the start is refused (MILLRACE_TOPICS_NOT_COPARTITIONED)`,
    }))
}
