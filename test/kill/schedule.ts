/**
 * The seeded plan of a run: which instances are struck, how and when. A pure function of the options, so that a seed
 * repeats it; what the processes make of it still depends on the machine.
 */
import { seededRandom } from '../support/word-count-load.ts'
import { instanceCount } from './layout.ts'
import type { KillOptions } from './options.ts'

/**
 * - `single`: one is killed and started again soon.
 * - `away`: one stays away for longer than its session, so that others take over and its state grows old.
 * - `twice`: one is killed, started, and killed again within a second.
 * - `restoring`: one is killed, started, and killed again right after it was given tasks.
 * - `pair`, `all`: two or all three at once.
 * - `zombie`: one is stopped (SIGSTOP) for longer than its session, and goes on (SIGCONT).
 * - `heirless`: the same while the other two are killed and start again, so that nobody knows of the sleeper's transaction.
 * - `broker`: the broker is killed and started again.
 */
export type BlowKind = 'single' | 'away' | 'twice' | 'restoring' | 'pair' | 'all' | 'zombie' | 'heirless' | 'broker'

export interface Blow {
  readonly atMs: number
  readonly kind: BlowKind
  /** Falls on instances that run tasks; the others fall whatever their victims are doing, be it that they start. */
  readonly isPatient: boolean
  /** Instances in order of preference; one that another blow has hold of is passed over. */
  readonly order: readonly number[]
  /** One per victim: how long it stays away; for `twice` also when the second blow falls, after the first. */
  readonly delaysMs: readonly number[]
}

/** SIGKILLs to instances. */
export const killsOf: Readonly<Record<BlowKind, number>> = {
  single: 1,
  away: 1,
  twice: 2,
  restoring: 2,
  pair: 2,
  all: 3,
  zombie: 0,
  heirless: 2,
  broker: 0,
}

const victimsMax = instanceCount
const firstAtMs = 2000
const gapMinMs = 500
const gapMaxMs = 5000

export function victimsOf(kind: BlowKind): number {
  if (kind === 'broker') return 0
  return kind === 'pair' ? 2 : kind === 'all' || kind === 'heirless' ? instanceCount : 1
}

export function makeSchedule(options: Pick<KillOptions, 'seed' | 'kills' | 'zombie' | 'restartBroker'>): Blow[] {
  const random = seededRandom(options.seed ^ 0x6b69_6c6c)
  const kinds = shuffled(kindsFor(options, random), random)
  if (options.restartBroker) kinds.splice(Math.floor(kinds.length / 2), 0, 'broker')
  let atMs = firstAtMs
  return kinds.map((kind) => {
    const order = shuffled(
      Array.from({ length: instanceCount }, (_, index) => index),
      random,
    )
    const delaysMs = Array.from({ length: victimsMax }, () => delayOf(kind, random))
    const blow = { atMs: Math.round(atMs), kind, isPatient: random() < 0.6, order, delaysMs }
    atMs += gapMinMs + random() ** 2 * (gapMaxMs - gapMinMs)
    return blow
  })
}

/** Every kind once where the number of kills allows it, then by weight. */
function kindsFor({ kills, zombie }: Pick<KillOptions, 'kills' | 'zombie'>, random: () => number): BlowKind[] {
  const kinds: BlowKind[] = []
  if (zombie) for (let left = Math.max(1, Math.floor(kills / 8)); left > 0; left--) kinds.push('zombie', 'heirless')
  for (const kind of ['twice', 'pair', 'restoring', 'single', 'all', 'away'] as const) {
    if (sumOf(kinds) + killsOf[kind] <= kills) kinds.push(kind)
  }
  const weighted = ['single', 'single', 'single', 'single', 'twice', 'restoring', 'pair', 'all', 'away'] as const
  while (sumOf(kinds) < kills) kinds.push(weighted[Math.floor(random() * weighted.length)] ?? 'single')
  return kinds
}

function sumOf(kinds: readonly BlowKind[]): number {
  return kinds.reduce((sum, kind) => sum + killsOf[kind], 0)
}

function delayOf(kind: BlowKind, random: () => number): number {
  switch (kind) {
    case 'twice':
      return 100 + random() * 700
    case 'restoring':
      return random() * 150
    case 'away':
      return 7000 + random() * 2000
    case 'heirless':
      // After its session, before its transaction times out.
      return 7000 + random() * 2000
    case 'zombie':
      return 8000 + random() * 2000
    case 'broker':
      return 300 + random() * 1500
    case 'single':
    case 'pair':
    case 'all':
      // Half of them at once: that is when what the dead one left open is found.
      return random() < 0.5 ? 0 : random() * 2000
  }
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const result = [...values]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[result[i], result[j]] = [result[j] as T, result[i] as T]
  }
  return result
}
