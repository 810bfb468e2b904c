/** What comes of a change to the windows whose results a store keeps. A window is stored under its key and its start. */
import type { StoreDescription } from './description.ts'
import { durationText, storeText } from './describe-words.ts'
import type { TopologyChange } from './diff-model.ts'

type Found = Omit<TopologyChange, 'subject' | 'name'> | undefined
type Windows = NonNullable<StoreDescription['windows']>

const newName =
  'give the store a new name, and the new windows begin empty; or reset the application, to compute them from the records that are there'

export function windowChange(before: StoreDescription, after: StoreDescription): Found {
  const [one, two] = [before.windows, after.windows]
  // Of another kind of store: that is told already.
  if (one === undefined || two === undefined || before.kind !== after.kind) return undefined
  const words = { before: storeText(before), after: storeText(after) }
  return (
    kindChange(after.name, one, two, words) ??
    sizeChange(after.name, one, two, words) ??
    joinChange(after.name, one, two, words) ??
    gapChange(after.name, one, two, words) ??
    graceChange(after.name, one, two, words)
  )
}

interface Words {
  readonly before: string
  readonly after: string
}

const isTime = ({ kind }: Windows): boolean => kind === 'tumbling' || kind === 'hopping'

function kindChange(name: string, one: Windows, two: Windows, words: Words): Found {
  if (one.kind === two.kind || (isTime(one) && isTime(two))) return undefined
  return {
    rule: 'window-kind-changed',
    verdict: 'needs-reset',
    message: `${name} has ${one.kind} windows and would be gone on from as ${two.kind} ones: starts and ends do not fit`,
    action: newName,
    ...words,
  }
}

function sizeChange(name: string, one: Windows, two: Windows, words: Words): Found {
  const [before, after] = [one.sizeMs ?? one.differenceMs, two.sizeMs ?? two.differenceMs]
  if (before !== after) {
    return {
      rule: 'window-size-changed',
      verdict: 'needs-reset',
      message: `windows of ${name} had ${durationText(before ?? 0)} and have ${durationText(after ?? 0)}: those that are stored are found by their start, and would be gone on from with another end`,
      action: newName,
      ...words,
    }
  }
  if (one.advanceMs === two.advanceMs && (one.startMs ?? 0) === (two.startMs ?? 0)) return undefined
  return {
    rule: 'window-advance-changed',
    verdict: 'migrates',
    message: `windows of ${name} begin at other times: those that are open at the change are incomplete, once`,
    ...words,
  }
}

function joinChange(name: string, one: Windows, two: Windows, words: Words): Found {
  if (one.kind !== 'join' || (one.beforeMs === two.beforeMs && one.afterMs === two.afterMs)) return undefined
  return {
    rule: 'join-window-changed',
    verdict: 'migrates',
    message: `the join that ${name} is for looks for partners from ${durationText(two.beforeMs ?? 0)} before to ${durationText(two.afterMs ?? 0)} after; records that were given up already find no partner any more`,
    ...words,
  }
}

function gapChange(name: string, one: Windows, two: Windows, words: Words): Found {
  if (one.gapMs === two.gapMs) return undefined
  return {
    rule: 'session-gap-changed',
    verdict: 'safe',
    message: `sessions of ${name} end after ${durationText(two.gapMs ?? 0)} instead of ${durationText(one.gapMs ?? 0)}; those that are stored stay as they are`,
    ...words,
  }
}

function graceChange(name: string, one: Windows, two: Windows, words: Words): Found {
  if (one.graceMs === two.graceMs) return undefined
  return {
    rule: 'grace-changed',
    verdict: 'safe',
    message: `windows of ${name} take records for ${durationText(two.graceMs)} after their end instead of ${durationText(one.graceMs)}`,
    ...words,
  }
}
