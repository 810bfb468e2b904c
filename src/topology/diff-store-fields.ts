/**
 * What comes of a change to a store that keeps its name. The facts are those of this runtime: a changelog's keys and
 * values are read as they are, only the local form is checked and rebuilt (`store-layout.ts`), an internal topic is never
 * configured anew (`internal-topics.ts`), and what has no position in its changelog begins empty (`restore-start.ts`).
 */
import type { StoreDescription } from './description.ts'
import { serdesText, storeText } from './describe-words.ts'
import { windowChange } from './diff-windows.ts'
import type { TopologyChange } from './diff-model.ts'

type Found = Omit<TopologyChange, 'subject' | 'name'> | undefined
type Rule = (before: StoreDescription, after: StoreDescription) => Found

const resetStore =
  'stop the application, delete the changelog and reset the offsets of the inputs, so that the store is filled anew; or give the store a new name, and it begins empty'

export function storeFieldChanges(before: StoreDescription, after: StoreDescription): TopologyChange[] {
  return rules.flatMap((rule) => {
    const found = rule(before, after)
    return found === undefined ? [] : [{ subject: 'store', name: after.name, ...found } as const]
  })
}

/** Kinds whose changelogs have the same keys and values, from the old one to the new one. */
const compatible: readonly (readonly [before: StoreDescription['kind'], after: StoreDescription['kind']])[] = [
  ['keyValue', 'timestampedKeyValue'],
  ['timestampedKeyValue', 'keyValue'],
  ['window', 'timestampedWindow'],
  ['timestampedWindow', 'window'],
  ['keyValue', 'versioned'],
  ['timestampedKeyValue', 'versioned'],
]

const kind: Rule = (before, after) => {
  if (before.kind === after.kind) return undefined
  const change = { rule: 'store-kind-changed', before: storeText(before), after: storeText(after) } as const
  if (!compatible.some(([one, two]) => one === before.kind && two === after.kind)) {
    return {
      ...change,
      verdict: 'needs-reset',
      message: `${after.name} was a ${before.kind} store and is a ${after.kind} store: the keys and values in its changelog mean something else`,
      action: resetStore,
    }
  }
  if (after.changelogTopic === null) {
    return {
      ...change,
      verdict: 'needs-reset',
      message: `${after.name} is kept in another form and has no changelog to be rebuilt from: it begins empty`,
      action: resetStore,
    }
  }
  const history =
    after.kind === 'versioned'
      ? '; the records there become versions by their timestamps, and the changelog keeps the old configuration (min.compaction.lag.ms), which you have to raise'
      : ''
  return {
    ...change,
    verdict: 'migrates',
    message: `${after.name} is kept in another form and is rebuilt from its changelog${history}`,
  }
}

const serde: Rule = (before, after) => {
  const [one, two] = [serdesText(before.keySerde, before.valueSerde), serdesText(after.keySerde, after.valueSerde)]
  if (one === two) return undefined
  return {
    rule: 'store-serde-changed',
    verdict: 'needs-reset',
    message: `${after.name} holds ${one} and would be read as ${two}: what is in the store and in its changelog is not converted`,
    action: resetStore,
    before: one,
    after: two,
  }
}

const logging: Rule = (before, after) => {
  const [was, is] = [before.changelogTopic !== null, after.changelogTopic !== null]
  if (was === is) return undefined
  if (is) {
    return {
      rule: 'store-logging-changed',
      verdict: 'needs-reset',
      message: `${after.name} gets a changelog: that is empty, so the store begins empty, while the offsets of its inputs go on`,
      action: resetStore,
    }
  }
  return {
    rule: 'store-logging-changed',
    verdict: 'migrates',
    message: `${after.name} has no changelog any more: it keeps what it has on this machine only, and loses it when its task moves`,
  }
}

const changelog: Rule = (before, after) => {
  if (before.changelogTopic === null || after.changelogTopic === null) return undefined
  if (before.changelogTopic === after.changelogTopic) return undefined
  const change = {
    rule: 'store-changelog-changed',
    before: before.changelogTopic,
    after: after.changelogTopic,
  } as const
  if (after.changelogIsSource) {
    return {
      ...change,
      verdict: 'migrates',
      message: `${after.name} is restored from ${after.changelogTopic} instead of ${before.changelogTopic}`,
    }
  }
  return {
    ...change,
    verdict: 'needs-reset',
    message: `${after.name} gets the changelog ${after.changelogTopic}, which is empty, so the store begins empty, while the offsets of ${before.changelogTopic} go on`,
    action: resetStore,
  }
}

const location: Rule = (before, after) => {
  if (before.isGlobal !== after.isGlobal) {
    return {
      rule: 'store-location-changed',
      verdict: 'migrates',
      message: `${after.name} is ${after.isGlobal ? 'filled on every instance, from the whole topic' : 'divided among the tasks, and filled from where the application begins to read its topic'}`,
    }
  }
  if (before.persistent === after.persistent) return undefined
  const words = (persistent: boolean | null): string =>
    persistent === null ? 'as configured' : persistent ? 'on disk' : 'in memory'
  const isLost = after.changelogTopic === null
  return {
    rule: 'store-location-changed',
    verdict: 'migrates',
    message: `${after.name} was kept ${words(before.persistent)} and is kept ${words(after.persistent)}: where that is another place it ${isLost ? 'begins empty' : 'is restored from its changelog'}`,
    before: words(before.persistent),
    after: words(after.persistent),
  }
}

const retention: Rule = (before, after) => {
  const [one, two] = [before.retentionMs, after.retentionMs]
  if (one === two || one === undefined || two === undefined || before.kind !== after.kind) return undefined
  const longer =
    two > one
      ? ', and its changelog keeps the old configuration, so that a restore brings back less than the store keeps'
      : ''
  return {
    rule: 'store-retention-changed',
    verdict: 'migrates',
    message: `${after.name} keeps ${two} ms instead of ${one} ms: it is rebuilt from its changelog where that changes its segments${longer}`,
    ...(two > one && {
      action: `raise ${after.kind === 'versioned' ? 'min.compaction.lag.ms' : 'retention.ms'} of its changelog: millrace topics apply does`,
    }),
    before: `${one} ms`,
    after: `${two} ms`,
  }
}

const format: Rule = (before, after) => {
  if ((before.retainDuplicates ?? false) !== (after.retainDuplicates ?? false)) {
    return {
      rule: 'store-format-changed',
      verdict: 'needs-reset',
      message: `${after.name} ${after.retainDuplicates === true ? 'keeps every put' : 'keeps one value per window'} now: the keys in its changelog are others`,
      action: resetStore,
    }
  }
  if ((before.timeOrdered ?? false) === (after.timeOrdered ?? false)) return undefined
  return {
    rule: 'store-format-changed',
    verdict: 'migrates',
    message: `${after.name} is ${after.timeOrdered === true ? 'also kept by time, for results on window close' : 'not kept by time any more'}, and is rebuilt from its changelog`,
  }
}

const option: Rule = (before, after) => {
  const words = ({ caching, maxEntries, buffer }: StoreDescription): string =>
    [
      `caching ${caching ? 'on' : 'off'}`,
      ...(maxEntries === undefined ? [] : [`at most ${maxEntries} entries`]),
      ...(buffer === undefined
        ? []
        : [
            `waits ${buffer.waitMs} ms, ${buffer.until}`,
            `at most ${buffer.maxRecords ?? 'any number of'} records, ${buffer.maxBytes ?? 'any number of'} bytes`,
          ]),
    ].join(', ')
  const [one, two] = [words(before), words(after)]
  if (one === two) return undefined
  return {
    rule: 'store-option-changed',
    verdict: 'safe',
    message: `${after.name}: ${two}, instead of ${one}; what is in it stays`,
    before: one,
    after: two,
  }
}

const rules: readonly Rule[] = [kind, serde, logging, changelog, location, retention, format, option, windowChange]
