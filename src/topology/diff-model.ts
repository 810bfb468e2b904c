/**
 * What the comparison of two versions of a topology says. The verdicts are about starting the new version under the same
 * application id, on the offsets, internal topics and local state that the old one left.
 */
import type { TopologyJson } from './description.ts'

/**
 * - `safe`: it goes on where the old version stopped.
 * - `migrates`: it starts and works; state is restored or begins empty, topics are left over, or it depends on partition
 *   counts, which the start checks.
 * - `needs-reset`: state or offsets would be wrong, records lost, or the start is refused.
 */
export type ChangeVerdict = 'safe' | 'migrates' | 'needs-reset'
export type DiffVerdict = 'identical' | ChangeVerdict

export interface TopologyChange {
  /** Which kind of change; `docs/validate.md` has all of them. */
  readonly rule: ChangeRule
  readonly subject: 'application' | 'sub-topology' | 'store' | 'topic' | 'node'
  readonly name: string
  readonly verdict: ChangeVerdict
  /** What changed, and what comes of it. */
  readonly message: string
  /** What to do about it. */
  readonly action?: string
  readonly before?: string
  readonly after?: string
}

export interface TopologyDiff {
  /** The worst of all changes. */
  readonly verdict: DiffVerdict
  /** Instances of both versions can run side by side; otherwise all of the old one stop before the first new one starts. */
  readonly rolling: boolean
  /** The worst first. */
  readonly changes: readonly TopologyChange[]
  /** Internal topics of the old version that the new one does not use; without the application id where that is unknown. */
  readonly leftoverTopics: readonly string[]
}

export const changeRules = {
  'application-id-changed': 'another application id: nothing of the old one is found',
  'store-added': 'a store that was not there',
  'store-removed': 'a store that is gone',
  'store-renamed': 'a store that is probably the same under another name',
  'store-taken-over': 'a generated name that stands for another operator now',
  'store-kind-changed': 'another kind of store under the same name',
  'store-serde-changed': 'keys or values of a store in another form',
  'store-logging-changed': 'a changelog that was not there, or is gone',
  'store-changelog-changed': 'another topic serves as changelog',
  'store-location-changed': 'in memory or on disk, global or not',
  'store-retention-changed': 'how long a store keeps windows, sessions or versions',
  'store-format-changed': 'duplicates that are kept, or an order by time',
  'store-option-changed': 'caching, limits',
  'store-input-changed': 'other topics feed a store',
  'store-partitioning-changed': 'a repartition topic in front of a store came or went',
  'store-operator-changed': 'another operator fills a store',
  'window-kind-changed': 'windows of another kind',
  'window-size-changed': 'windows of another length',
  'window-advance-changed': 'windows that begin at other times',
  'session-gap-changed': 'sessions with another gap',
  'join-window-changed': 'a join that looks further, or less far',
  'grace-changed': 'how long windows take late records',
  'tasks-moved': 'a sub-topology has another number, and so its tasks other ids',
  'repartition-topic-added': 'a repartition topic that was not there',
  'repartition-topic-removed': 'a repartition topic that is gone',
  'repartition-topic-renamed': 'a repartition topic that is probably the same under another name',
  'repartition-partitions-changed': 'another number of partitions of a repartition topic',
  'repartition-serde-changed': 'keys or values of a repartition topic in another form',
  'input-added': 'a topic or pattern that is read now',
  'input-removed': 'a topic or pattern that is not read any more',
  'input-serde-changed': 'an input topic is read with another serde',
  'input-offset-reset-changed': 'another place to begin without a committed offset',
  'output-added': 'a topic that is written to now',
  'output-removed': 'a topic that is not written to any more',
  'output-serde-changed': 'an output topic is written with another serde',
  'copartitioning-added': 'topics that need equal partition counts now',
  'node-added': 'a node that was not there',
  'node-removed': 'a node that is gone',
  'node-renamed': 'a node under another name',
  'node-rewired': 'a node with other parents',
  'nodes-renumbered': 'generated names of nodes with other numbers',
} as const

export type ChangeRule = keyof typeof changeRules

/** The old and the new version. */
export interface Versions {
  readonly before: TopologyJson
  readonly after: TopologyJson
}

const order: readonly DiffVerdict[] = ['identical', 'safe', 'migrates', 'needs-reset']

export function worst(verdicts: readonly DiffVerdict[]): DiffVerdict {
  return order[Math.max(0, ...verdicts.map((verdict) => order.indexOf(verdict)))] ?? 'identical'
}

export function worstFirst(changes: readonly TopologyChange[]): TopologyChange[] {
  return changes.toSorted((one, two) => order.indexOf(two.verdict) - order.indexOf(one.verdict))
}
