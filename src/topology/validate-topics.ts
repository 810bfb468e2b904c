/** Topics: partition counts that must fit, records that go in circles, topics that need not be. */
import type { NodeDescription, TopicDescription } from './description.ts'
import type { DescriptionGraph } from './description-graph.ts'
import { wholePattern } from './topic-pattern.ts'
import { finding, type Finding, type Validated } from './validate-model.ts'

export function checkTopics(validated: Validated): Finding[] {
  const { graph } = validated
  return [
    ...copartitioning(graph),
    ...repeatedRepartitions(graph),
    ...repartitionsAfterMap(graph),
    ...circles(graph),
    ...tablesFromLatest(validated),
    ...unusedSources(graph),
  ]
}

function copartitioning(graph: DescriptionGraph): Finding[] {
  const { copartitionGroups } = graph.topology
  return copartitionGroups.flatMap((group) => {
    const users = group.filter((topic) => !graph.isRepartition(topic))
    const fixed = group.flatMap((topic) => graph.topic(topic)?.partitions ?? [])
    if (users.length + Math.min(1, fixed.length) < 2) return []
    const [count] = fixed
    const message =
      count === undefined
        ? `${users.join(', ')} are joined, so they need the same number of partitions`
        : `${users.join(', ')} ${users.length === 1 ? 'needs' : 'need'} ${count} partitions, because of the repartition topic that ${users.length === 1 ? 'it is' : 'they are'} joined with`
    const reader = graph.node(graph.topic(users[0] ?? '')?.readBy[0] ?? '')
    return [
      finding('copartitioning', message, 'create them with equal counts; the start checks it', {
        topic: users[0],
        place: reader?.place,
      }),
    ]
  })
}

const keepsKeys =
  /^(filter|mapvalues|flatmapvalues|peek|foreach|printer|branch|branch-child|processvalues|repartition-filter|repartition-sink)$/

/** The nodes that may have changed the keys of what is written to a repartition topic, the nearest ones. */
function keyChangers({ writtenBy }: TopicDescription, graph: DescriptionGraph): NodeDescription[] {
  const open = [...writtenBy]
  const seen = new Set<string>()
  const found: NodeDescription[] = []
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = graph.node(name)
    if (node === undefined || seen.has(name)) continue
    seen.add(name)
    if (keepsKeys.test(node.operator ?? '') || node.kind === 'sink') open.push(...node.predecessors)
    else found.push(node)
  }
  return found
}

function repartitions({ topology }: DescriptionGraph): TopicDescription[] {
  return topology.topics.filter(({ kind }) => kind === 'repartition')
}

function repeatedRepartitions(graph: DescriptionGraph): Finding[] {
  const byChanger = new Map<string, TopicDescription[]>()
  for (const topic of repartitions(graph)) {
    const changers = keyChangers(topic, graph)
    const [first] = changers
    // Grouped tables and foreign-key joins write records of their own.
    if (first === undefined || changers.length > 1 || first.operator?.startsWith('table-') === true) continue
    byChanger.set(first.name, [...(byChanger.get(first.name) ?? []), topic])
  }
  return [...byChanger].flatMap(([changer, topics]) => {
    if (topics.length < 2) return []
    return [
      finding(
        'repartition-repeated',
        `${topics.map(({ name }) => name).join(', ')} all carry what comes from ${changer}: each record is written and read ${topics.length} times`,
        "write them once with repartition({ name }) behind the change of the key; or set topologyOptimization to ['mergeRepartitionTopics']",
        { node: changer, topic: topics[0]?.name, place: graph.node(changer)?.place },
      ),
    ]
  })
}

const instead: Readonly<Record<string, string>> = {
  map: 'mapValues()',
  flatmap: 'flatMapValues()',
  processor: 'processValues()',
}

function repartitionsAfterMap(graph: DescriptionGraph): Finding[] {
  return repartitions(graph).flatMap((topic) =>
    keyChangers(topic, graph).flatMap((node) => {
      const better = instead[node.operator ?? '']
      if (better === undefined) return []
      return [
        finding(
          'repartition-after-map',
          `${topic.name} is there because ${node.name} may have changed keys`,
          `use ${better} where keys stay as they are, and the topic is not needed; nothing where they change`,
          { topic: topic.name, node: node.name, place: node.place },
        ),
      ]
    }),
  )
}

// --- what is written and read ---------------------------------------------------------------------------------------------

function circles(graph: DescriptionGraph): Finding[] {
  const loops: string[] = []
  const isKnown = (topic: string): boolean =>
    loops.some((other) => reachedFrom(other, graph).has(topic) && reachedFrom(topic, graph).has(other))
  return graph.topology.topics
    .filter(({ kind, writtenBy }) => kind === 'external' && writtenBy.length > 0)
    .flatMap(({ name, writtenBy }) => {
      const readers = readersOf(name, graph)
      // The topics of one circle are one finding.
      if (readers.length === 0 || isKnown(name)) return []
      const [writer = ''] = writtenBy
      const where = { topic: name, node: writer, place: graph.node(writer)?.place }
      const readerNames = readers.map((node) => node.name).join(', ')
      if (reachedFrom(name, graph).has(name)) {
        loops.push(name)
        const message = `${name} is written with what comes of its own records (read by ${readerNames}): they go round without end, unless something on the way ends that`
        return [
          finding('topic-loop', message, 'write to another topic, or make sure that a filter ends the circle', where),
        ]
      }
      const message = `${name} is written by ${writtenBy.join(', ')} and read by ${readerNames}: it has to exist before, with the right number of partitions`
      return [
        finding(
          'topic-read-back',
          message,
          'nothing where others use it too; else use repartition(), which creates its topic',
          where,
        ),
      ]
    })
}

/** Global stores read topics, and write to none. */
function readersOf(topic: string, graph: DescriptionGraph): NodeDescription[] {
  return [...graph.nodes()].filter(
    ({ kind, topics, pattern }) =>
      kind === 'source' &&
      (topics?.includes(topic) === true || (pattern !== undefined && wholePattern(new RegExp(pattern)).test(topic))),
  )
}

/** The topics that records of this one get to, through any number of topics. */
function reachedFrom(topic: string, graph: DescriptionGraph): ReadonlySet<string> {
  const reached = new Set<string>()
  const open = [topic]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const below = graph.below(readersOf(next, graph).map(({ name }) => name))
    for (const written of below.flatMap((node) => node.topic ?? [])) {
      if (reached.has(written)) continue
      reached.add(written)
      open.push(written)
    }
  }
  return reached
}

// --- sources --------------------------------------------------------------------------------------------------------------

/** A table is what its topic has, from its start. */
function tablesFromLatest({ graph, config }: Validated): Finding[] {
  return [...graph.nodes()]
    .filter(({ operator }) => operator === 'table-source')
    .flatMap((table) => {
      const source = graph.node(table.predecessors[0] ?? '')
      const isGlobal = graph.topology.stores.some((store) => store.isGlobal && store.nodes.includes(table.name))
      const reset = source?.offsetReset ?? config.offsetReset
      if (source === undefined || isGlobal || reset === undefined || reset === 'earliest' || reset === 'none') return []
      const topic = source.topics?.[0]
      const message = `the table ${table.name} begins at ${typeof reset === 'string' ? `'${reset}'` : 'a time back'} where it has no committed offset: rows from before are not in it`
      return [
        finding('table-from-latest', message, "give table() the option offsetReset: 'earliest'", {
          node: table.name,
          topic,
          place: table.place,
        }),
      ]
    })
}

function unusedSources(graph: DescriptionGraph): Finding[] {
  return [...graph.nodes()]
    .filter(({ kind, successors }) => kind === 'source' && successors.length === 0)
    .map((source) =>
      finding(
        'source-unused',
        `${source.name} reads ${source.pattern ?? source.topics?.join(', ') ?? ''}, and nothing comes of its records`,
        'remove it, or use the stream',
        { node: source.name, topic: source.topics?.[0], place: source.place },
      ),
    )
}
