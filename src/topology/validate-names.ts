/** Names: those that change by themselves, that no broker takes, or that two things have. */
import { topicNameMaxLength } from '../common/topic-name.ts'
import type { StoreDescription, TopicDescription } from './description.ts'
import type { DescriptionGraph } from './description-graph.ts'
import { finding, type Finding, type Validated } from './validate-model.ts'

export function checkNames(validated: Validated): Finding[] {
  return [
    ...generatedStores(validated.graph),
    ...generatedTopics(validated.graph),
    ...longTopics(validated),
    ...clashes(validated),
  ]
}

/** Stores of one call, such as those of a join, are one finding. */
function generatedStores(graph: DescriptionGraph): Finding[] {
  const unnamed = graph.topology.stores.filter(isNamedByNumber)
  const byPlace = new Map<string, StoreDescription[]>()
  for (const store of unnamed) {
    const key = ownerOf(store, graph)?.place ?? store.name
    byPlace.set(key, [...(byPlace.get(key) ?? []), store])
  }
  return [...byPlace.values()].flatMap((stores) => {
    const [first] = stores
    if (first === undefined) return []
    const owner = ownerOf(first, graph)
    const names = stores.map(({ name }) => name).join(', ')
    const isOne = stores.length === 1
    return [
      finding(
        'store-name-generated',
        `${names} ${isOne ? 'is a generated name' : 'are generated names'}: with an operator more or less before ${isOne ? 'it the store has' : 'them the stores have'} another one, and begin${isOne ? 's' : ''} empty`,
        `give the operator the option '${namingOption(owner?.operator)}'`,
        { node: owner?.name, store: first.name, place: owner?.place },
      ),
    ]
  })
}

function isNamedByNumber({ naming, changelogTopic, changelogIsSource, nodes }: StoreDescription): boolean {
  return naming === 'generated' && changelogTopic !== null && !changelogIsSource && nodes.length > 0
}

function ownerOf(store: StoreDescription, graph: DescriptionGraph): ReturnType<DescriptionGraph['node']> {
  return graph.node(graph.writersOf(store)[0] ?? '')
}

function namingOption(operator = ''): string {
  return /suppress|fk-join-subscription/.test(operator) ? 'name' : 'store'
}

/** Those that are named after a store get their name with it. */
function generatedTopics(graph: DescriptionGraph): Finding[] {
  const { topics, stores } = graph.topology
  return topics
    .filter(({ kind, naming }) => kind === 'repartition' && naming === 'generated')
    .filter(({ name }) => !stores.some((store) => isNamedByNumber(store) && name === `${store.name}-repartition`))
    .map(({ name, writtenBy }) =>
      finding(
        'topic-name-generated',
        `${name} is a generated name: with an operator more or less before it the topic has another one, and records that wait in the old one are never processed`,
        "give groupBy(), repartition() or the join the option 'name'",
        { topic: name, node: writtenBy[0], place: graph.node(writtenBy[0] ?? '')?.place },
      ),
    )
}

function longTopics({ graph, applicationId }: Validated): Finding[] {
  if (applicationId === undefined) return []
  return internal(graph).flatMap((topic) => {
    const name = `${applicationId}-${topic.name}`
    if (name.length <= topicNameMaxLength) return []
    return [
      finding(
        'topic-name-too-long',
        `${name} has ${name.length} characters, and the name of a topic at most ${topicNameMaxLength}`,
        'give the store or the operator a shorter name, or the application a shorter id',
        whereOf(topic, graph),
      ),
    ]
  })
}

function internal({ topology }: DescriptionGraph): TopicDescription[] {
  return topology.topics.filter(({ kind }) => kind !== 'external')
}

function whereOf({ name, writtenBy, store }: TopicDescription, graph: DescriptionGraph): Parameters<typeof finding>[3] {
  return { topic: name, node: writtenBy[0], store, place: graph.node(writtenBy[0] ?? '')?.place }
}

/** Brokers take '.' and '_' for the same, because metrics do (Topic.hasCollisionChars). */
function clashes({ graph, applicationId }: Validated): Finding[] {
  if (applicationId === undefined) return []
  const own = internal(graph).map((topic) => ({ topic, name: `${applicationId}-${topic.name}` }))
  const foreign = graph.topology.topics
    .filter(({ kind }) => kind === 'external')
    .map((topic) => ({ topic, name: topic.name }))
  const all = [...own, ...foreign]
  return own.flatMap(({ topic, name }, i) => {
    const others = all.slice(i + 1)
    const same = others.find((other) => other.name === name)
    if (same !== undefined) {
      const message = `${name} is the ${topic.kind} topic of ${topic.store ?? topic.writtenBy[0] ?? 'the application'}, and a ${same.topic.kind} topic that the application uses otherwise`
      return [finding('topic-clash', message, 'give one of them another name', whereOf(topic, graph))]
    }
    const near = others.find((other) => flattened(other.name) === flattened(name))
    if (near === undefined) return []
    const message = `${name} and ${near.name} differ in '.' and '_' only, which brokers refuse`
    return [finding('topic-collision', message, 'give one of them another name', whereOf(topic, graph))]
  })
}

function flattened(name: string): string {
  return name.replaceAll('.', '_')
}
