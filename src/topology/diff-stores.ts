/** Stores of two versions: which came, went, were renamed, moved, or are fed by something else. */
import type { StoreDescription, TopologyJson } from './description.ts'
import { unique, type DescriptionGraph, type Feed } from './description-graph.ts'
import type { TopologyChange } from './diff-model.ts'
import { storeFieldChanges } from './diff-store-fields.ts'

interface Side {
  readonly graph: DescriptionGraph
  readonly stores: ReadonlyMap<string, StoreDescription>
}

export function diffStores(before: DescriptionGraph, after: DescriptionGraph): TopologyChange[] {
  const old = sideOf(before)
  const now = sideOf(after)
  const removed = [...old.stores.values()].filter(({ name }) => !now.stores.has(name))
  const added = [...now.stores.values()].filter(({ name }) => !old.stores.has(name))
  const renamed = pairs(removed, added, before, after)
  const kept = [...now.stores.values()].flatMap((store) => {
    const was = old.stores.get(store.name)
    return was === undefined ? [] : [{ was, store }]
  })
  const takenOver = kept.filter(({ was, store }) => isTakenOver(was, store, old, now))
  return [
    ...renamed.map(([was, store]) => renameChange(was, store)),
    ...removed.filter((store) => !renamed.some(([was]) => was === store)).map(removedChange),
    ...added
      .filter((store) => !renamed.some(([, is]) => is === store))
      .map((store) => addedChange(store, before, after)),
    ...takenOver.map(({ store }) => takenOverChange(store)),
    ...kept
      .filter((pair) => !takenOver.includes(pair))
      .flatMap(({ was, store }) => keptChanges(was, store, before, after)),
    ...movedChanges(kept),
  ]
}

/** Stores that no node uses are never made. */
function sideOf(graph: DescriptionGraph): Side {
  const used = graph.topology.stores.filter(({ nodes }) => nodes.length > 0)
  return { graph, stores: new Map(used.map((store) => [store.name, store])) }
}

/** What a store is, apart from its name. */
function likeness(store: StoreDescription, graph: DescriptionGraph): string {
  const { operators, ...feed } = graph.feedOf(store)
  return `${roughLikeness(store, graph, feed)} ${operators.join(' ')}`
}

/** What lies between the inputs and the store may differ. */
function roughLikeness(
  store: StoreDescription,
  graph: DescriptionGraph,
  { topics, isRepartitioned }: Omit<Feed, 'operators'> = graph.feedOf(store),
): string {
  const { kind, keySerde, valueSerde, windows, isGlobal } = store
  const { graceMs: _, ...shape } = windows ?? { graceMs: 0 }
  const owner = graph.node(graph.writersOf(store)[0] ?? '')
  return JSON.stringify([kind, keySerde, valueSerde, shape, isGlobal, owner?.operator, topics, isRepartitioned])
}

type StorePair = readonly [was: StoreDescription, is: StoreDescription]

/**
 * Those that are alike. A generated name becomes another one because something before it came or went, so there that may
 * differ; who gives names changes them on purpose.
 */
function pairs(
  removed: readonly StoreDescription[],
  added: readonly StoreDescription[],
  before: DescriptionGraph,
  after: DescriptionGraph,
): StorePair[] {
  const exact = pairsBy(removed, added, (store, graph) => likeness(store, graph), before, after)
  const isOpen = (store: StoreDescription): boolean => !exact.some((pair) => pair.includes(store))
  const generated = removed.filter((store) => isOpen(store) && store.naming === 'generated')
  const rough = pairsBy(generated, added.filter(isOpen), (store, graph) => roughLikeness(store, graph), before, after)
  return [...exact, ...rough]
}

/** Several that are alike come in the same order. */
function pairsBy(
  removed: readonly StoreDescription[],
  added: readonly StoreDescription[],
  like: (store: StoreDescription, graph: DescriptionGraph) => string,
  before: DescriptionGraph,
  after: DescriptionGraph,
): StorePair[] {
  const open = added.map((store) => ({ store, like: like(store, after) }))
  return removed.flatMap((was): StorePair[] => {
    const wanted = like(was, before)
    const at = open.findIndex((each) => each.like === wanted)
    const [partner] = at === -1 ? [] : open.splice(at, 1)
    return partner === undefined ? [] : [[was, partner.store]]
  })
}

/** A generated name whose number went to another operator: the old operator is still there, under another number. */
function isTakenOver(was: StoreDescription, store: StoreDescription, old: Side, now: Side): boolean {
  if (store.naming !== 'generated') return false
  const like = likeness(was, old.graph)
  if (like === likeness(store, now.graph)) return false
  const elsewhere = [...now.stores.values()].filter((each) => likeness(each, now.graph) === like)
  const alike = [...old.stores.values()].filter((each) => likeness(each, old.graph) === like)
  if (elsewhere.length === 1 && alike.length === 1) return true
  const [one, two] = [old.graph.feedOf(was), now.graph.feedOf(store)]
  return one.topics.length > 0 && !one.topics.some((topic) => two.topics.includes(topic))
}

const nameIt = "give the operator the option 'store' (or 'name' for joins and suppress)"

function takenOverChange({ name }: StoreDescription): TopologyChange {
  return {
    rule: 'store-taken-over',
    subject: 'store',
    name,
    verdict: 'needs-reset',
    message: `${name} is a generated name, and its number went to another operator: that would go on with the state of the first`,
    action: `${nameIt}, then reset the application, once`,
  }
}

function renameChange(was: StoreDescription, store: StoreDescription): TopologyChange {
  const change = {
    rule: 'store-renamed',
    subject: 'store',
    name: store.name,
    before: was.name,
    after: store.name,
  } as const
  const generated = was.naming === 'generated' || store.naming === 'generated'
  if (store.changelogTopic !== null && store.changelogIsSource) {
    return {
      ...change,
      verdict: 'migrates',
      message: `${was.name} is ${store.name} now and is restored from ${store.changelogTopic}`,
    }
  }
  return {
    ...change,
    verdict: 'needs-reset',
    message: `${was.name} is ${store.name} now: it begins empty, while the offsets of its inputs go on, so what was aggregated is missing from the results`,
    action: renameAction(was, generated),
  }
}

function renameAction({ name, kind, windows }: StoreDescription, generated: boolean): string {
  const reset = 'or reset the application, to fill it from the records that are there'
  if (!generated) return `call it '${name}' again; ${reset}`
  if (kind === 'changeBuffer') {
    return "give suppress() the option 'name', for the future; what is held back in the old buffer is never given out, unless you reset the application"
  }
  if (windows?.kind === 'join') {
    return "give the join the option 'store', for the future; records from before find no partner, unless you reset the application"
  }
  return `give the operator the option { store: '${name}' }, which finds the old state again; ${reset}`
}

function removedChange({ name, changelogTopic, changelogIsSource }: StoreDescription): TopologyChange {
  const topic = changelogIsSource || changelogTopic === null ? '' : `; its changelog ${changelogTopic} is left over`
  return {
    rule: 'store-removed',
    subject: 'store',
    name,
    verdict: 'migrates',
    message: `${name} is not used any more${topic}`,
  }
}

function addedChange(store: StoreDescription, before: DescriptionGraph, after: DescriptionGraph): TopologyChange {
  const change = { rule: 'store-added', subject: 'store', name: store.name } as const
  if (store.changelogIsSource) {
    return {
      ...change,
      verdict: 'safe',
      message: `${store.name} is new and is filled from ${store.changelogTopic ?? ''}, from its start`,
    }
  }
  const readBefore = after.feedOf(store).topics.filter((topic) => isReadByTasks(topic, before))
  if (readBefore.length === 0) {
    return {
      ...change,
      verdict: 'safe',
      message: `${store.name} is new, and so are its inputs: it begins empty, with them`,
    }
  }
  const topics = readBefore.join(', ')
  const writers = after.writersOf(store).map((name) => after.node(name)?.operator)
  if (writers.includes('table-source')) {
    return {
      ...change,
      verdict: 'needs-reset',
      message: `${store.name} is a table of ${topics}, which the application has read already: rows from before the committed offset would be missing`,
      action: `reset the offsets of ${topics} to the start while the application is stopped, or use globalTable(), or topologyOptimization 'reuseSourceTopics'`,
    }
  }
  return {
    ...change,
    verdict: 'migrates',
    message: `${store.name} is new and begins empty, at the committed offsets of ${topics}: records from before are not in it`,
    action: `where it has to have them, reset the offsets of ${topics} while the application is stopped`,
  }
}

/** Global stores have no committed offsets. */
function isReadByTasks(topic: string, graph: DescriptionGraph): boolean {
  return [...graph.nodes()].some((node) => {
    const names = [...(node.topics ?? []), ...(node.pattern === undefined ? [] : [`/${node.pattern}/`])]
    return names.includes(topic) && !isGlobalNode(node.name, graph.topology)
  })
}

function isGlobalNode(node: string, { subTopologies }: TopologyJson): boolean {
  return subTopologies.some(({ kind, nodes }) => kind === 'global-store' && nodes.some(({ name }) => name === node))
}

function keptChanges(
  was: StoreDescription,
  store: StoreDescription,
  before: DescriptionGraph,
  after: DescriptionGraph,
): TopologyChange[] {
  const [one, two] = [before.feedOf(was), after.feedOf(store)]
  const [oldOwner, owner] = [before, after].map((graph) =>
    graph.node(graph.writersOf(graph === before ? was : store)[0] ?? ''),
  )
  const operators = [oldOwner?.operator ?? 'processor', owner?.operator ?? 'processor']
  const other =
    operators[0] === operators[1]
      ? []
      : [
          {
            rule: 'store-operator-changed',
            subject: 'store',
            name: store.name,
            verdict: 'safe',
            message: `${store.name} is filled by ${operators[1]} instead of ${operators[0]}, which goes on with what is in it`,
          } as const,
        ]
  return [...storeFieldChanges(was, store), ...feedChanges(store, one, two), ...other]
}

function feedChanges(store: StoreDescription, one: Feed, two: Feed): TopologyChange[] {
  if (store.isGlobal) return []
  const change = { subject: 'store', name: store.name } as const
  const changes: TopologyChange[] = []
  if (one.isRepartitioned !== two.isRepartitioned) {
    changes.push({
      ...change,
      rule: 'store-partitioning-changed',
      verdict: 'needs-reset',
      message: `${store.name} gets its records ${two.isRepartitioned ? 'through a repartition topic now' : 'without a repartition topic now'}: what is in it belongs to other keys, or is in other partitions than the records to come`,
      action: 'give the store a new name, or reset the application',
    })
  }
  if (one.topics.join(',') === two.topics.join(',')) return changes
  const words = { before: one.topics.join(', '), after: two.topics.join(', ') }
  const isOther = one.topics.length > 0 && !one.topics.some((topic) => two.topics.includes(topic))
  changes.push({
    ...change,
    rule: 'store-input-changed',
    verdict: isOther ? 'needs-reset' : 'safe',
    message: `${store.name} was fed by ${words.before || 'nothing'} and is fed by ${words.after || 'nothing'}: what the old input left in it stays in it`,
    ...(isOther && { action: 'give the store a new name, or reset the application' }),
    ...words,
  })
  return changes
}

/** Local state lies in the directory of a task, which is named after the number of its sub-topology. */
function movedChanges(
  kept: readonly { readonly was: StoreDescription; readonly store: StoreDescription }[],
): TopologyChange[] {
  const moved = kept.filter(
    ({ was, store }) => was.subTopology !== store.subTopology && !was.isGlobal && !store.isGlobal,
  )
  const ways = unique(moved.map(({ was, store }) => `${was.subTopology} ${store.subTopology}`))
  return ways.map((way) => {
    const [from = '', to = ''] = way.split(' ')
    const stores = moved.flatMap(({ was, store }) => (`${was.subTopology} ${store.subTopology}` === way ? store : []))
    const lost = stores.filter(({ changelogTopic }) => changelogTopic === null).map(({ name }) => name)
    const loss =
      lost.length === 0
        ? ''
        : `; ${lost.join(', ')} ha${lost.length === 1 ? 's' : 've'} none and begin${lost.length === 1 ? 's' : ''} empty`
    return {
      rule: 'tasks-moved',
      subject: 'sub-topology',
      name: to,
      verdict: 'migrates',
      message: `sub-topology ${from} is ${to} now, so tasks ${from}_* are tasks ${to}_*: ${stores.map(({ name }) => name).join(', ')} ${stores.length === 1 ? 'is' : 'are'} restored from changelogs into other directories${loss}`,
      before: from,
      after: to,
    }
  })
}
