/** Stores: state that is lost, that grows without end, or that is forgotten too early. */
import type { StoreDescription } from './description.ts'
import { durationText } from './describe-words.ts'
import { finding, type Finding, type Validated } from './validate-model.ts'

type Check = (store: StoreDescription, validated: Validated) => Finding | undefined

export function checkStores(validated: Validated): Finding[] {
  return validated.graph.topology.stores.flatMap((store) => checks.flatMap((check) => check(store, validated) ?? []))
}

function whereOf(store: StoreDescription, { graph }: Validated): Parameters<typeof finding>[3] {
  const owner = graph.node(graph.writersOf(store)[0] ?? '')
  return { store: store.name, node: owner?.name, place: owner?.place }
}

const unused: Check = (store) =>
  store.nodes.length > 0
    ? undefined
    : finding(
        'store-unused',
        `no processor uses ${store.name}, so it is never made`,
        "name it in the option 'stores' of the processor that uses it, or remove it",
        { store: store.name },
      )

const notLogged: Check = (store, validated) => {
  if (store.changelogTopic !== null || store.nodes.length === 0) return undefined
  const guarantee =
    validated.config.processingGuarantee === 'at_least_once'
      ? ''
      : ', and what exactly_once promises does not hold for what depends on it'
  return finding(
    'store-not-logged',
    `${store.name} has no changelog: when its task moves to another instance, or the disk is gone, it begins empty${guarantee}`,
    'leave out logging: false, unless the content can be lost',
    whereOf(store, validated),
  )
}

/** A builder of the user's is taken with its own retention. */
const retention: Check = (store, validated) => {
  const { windows, retentionMs } = store
  if (windows === undefined || retentionMs === undefined || windows.kind === 'unlimited') return undefined
  const { sizeMs = 0, differenceMs = 0, gapMs = 0, beforeMs = 0, afterMs = 0, graceMs } = windows
  const neededMs = sizeMs + 2 * differenceMs + gapMs + beforeMs + afterMs + graceMs
  if (retentionMs >= neededMs) return undefined
  return finding(
    'retention-too-short',
    `${store.name} keeps windows for ${durationText(retentionMs)}, but they change for ${durationText(neededMs)}: what comes late is counted from nothing`,
    `give the store a retention of at least ${durationText(neededMs)}`,
    whereOf(store, validated),
  )
}

const unlimited: Check = (store, validated) =>
  store.windows?.kind === 'unlimited'
    ? finding(
        'windows-unlimited',
        `${store.name} has one window per key that never ends, so nothing is ever removed from it`,
        'use windows with an end, or an aggregation without windows, whose rows can be deleted',
        whereOf(store, validated),
      )
    : undefined

const suppressed: Check = (store, validated) => {
  if (store.buffer?.until !== 'windowCloses' || store.buffer.waitMs > 0) return undefined
  return finding(
    'suppress-without-grace',
    `${store.name} gives out the result of a window as soon as stream time has passed its end, and the windows have no grace: a record that is late by a millisecond is dropped`,
    "give the windows a grace, such as { size: '1h', grace: '5m' }",
    whereOf(store, validated),
  )
}

const grace: Check = (store, validated) => {
  const { windows } = store
  if (windows === undefined || windows.graceMs > 0 || windows.kind === 'unlimited') return undefined
  // Said by the rule about suppress() already.
  if (
    validated.graph
      .below(store.nodes)
      .some(({ stores = [] }) => stores.some((name) => waitsForNothing(name, validated)))
  ) {
    return undefined
  }
  // The stores of both sides of a join would say the same.
  const [sibling] = validated.graph.topology.stores.filter(
    (other) => other.windows === windows || isSameJoin(other, store),
  )
  if (sibling !== undefined && sibling.name !== store.name) return undefined
  return finding(
    'window-without-grace',
    `windows of ${store.name} have no grace: a record that comes after stream time has passed the end of its window is dropped and counted`,
    "give the windows a grace where records can be late, such as { size: '1h', grace: '5m' }",
    whereOf(store, validated),
  )
}

function waitsForNothing(name: string, { graph }: Validated): boolean {
  const buffer = graph.topology.stores.find((store) => store.name === name)?.buffer
  return buffer?.until === 'windowCloses' && buffer.waitMs === 0
}

function isSameJoin(one: StoreDescription, two: StoreDescription): boolean {
  const nodes = new Set(one.nodes)
  return one.windows?.kind === 'join' && two.windows?.kind === 'join' && two.nodes.some((node) => nodes.has(node))
}

const unboundedState: Check = (store, validated) => {
  const owner = validated.graph.node(validated.graph.writersOf(store)[0] ?? '')
  const isAggregate = ['aggregate', 'reduce', 'cogroup-aggregate', 'totable'].includes(owner?.operator ?? '')
  if (!isAggregate || store.kind !== 'timestampedKeyValue' || store.maxEntries !== undefined) return undefined
  return finding(
    'state-unbounded',
    `${store.name} has a row for every key that ever came, and nothing removes one`,
    'nothing where the number of keys has a limit; else use windows, or return null from the aggregator to delete a row',
    whereOf(store, validated),
  )
}

const unboundedBuffer: Check = (store, validated) => {
  const { buffer } = store
  if (buffer === undefined || buffer.maxRecords !== null || buffer.maxBytes !== null) return undefined
  return finding(
    'buffer-unbounded',
    `${store.name} holds back every key that changes until ${buffer.until === 'windowCloses' ? 'its window closes' : `${durationText(buffer.waitMs)} have passed`}, however many there are`,
    'nothing where the number of keys has a limit; else give suppress() maxRecords or maxBytes',
    whereOf(store, validated),
  )
}

const checks: readonly Check[] = [
  unused,
  notLogged,
  retention,
  unlimited,
  suppressed,
  grace,
  unboundedState,
  unboundedBuffer,
]
