/**
 * A seed gives a program. What is drawn here must run on Kafka Streams without failing most of the time; a program that it
 * refuses is a test too (millrace must refuse it), but a short one. What may be written is in `grammar/`, a file per area.
 */
import { SeededRandom } from '../simulation/seeded-random.ts'
import { generateSteps } from './generate-steps.ts'
import { Draft } from './grammar/draft.ts'
import { aggregate, cogroup, group, tableAggregate, tableGroup } from './grammar/groups.ts'
import { foreignKeyJoin, globalLookup, streamJoin, tableJoin, tableLookup } from './grammar/joins.ts'
import { process } from './grammar/processors.ts'
import { globalStore, globalTable, source, tableSource } from './grammar/sources.ts'
import { sink, split, stateless, to, toTable } from './grammar/streams.ts'
import { streamOf, suppress, tableOperator, toStream } from './grammar/tables.ts'
import type { Program, ProgramConfig } from './program.ts'

/** Writes a call, unless nothing is there yet that it could be called on. */
type Rule = (draft: Draft) => boolean

const rules: readonly (readonly [weight: number, write: Rule])[] = [
  [6, source],
  [4, tableSource],
  [2, globalTable],
  [1, globalStore],
  [18, stateless],
  [5, to],
  [3, toTable],
  [6, process],
  [9, group],
  [20, aggregate],
  [4, cogroup],
  [3, split],
  [8, streamJoin],
  [7, tableLookup],
  [3, globalLookup],
  [10, tableOperator],
  [6, toStream],
  [8, tableGroup],
  [16, tableAggregate],
  [9, tableJoin],
  [8, foreignKeyJoin],
  [6, suppress],
]

const optimizations = ['reuse.ktable.source.topics', 'merge.repartition.topics', 'single.store.self.join'] as const

export function generate(seed: number): Program {
  const random = new SeededRandom(seed, 'differential')
  const config = drawConfig(random)
  const draft = new Draft(random)
  write(draft, random.between(2, random.chance(0.2) ? (random.chance(0.2) ? 45 : 24) : 10))
  return { seed, config, calls: draft.calls, steps: generateSteps(random, draft.inputs), queries: draft.queries }
}

function drawConfig(random: SeededRandom): ProgramConfig {
  const cache = random.chance(0.25) ? 1_000_000 : 0
  const some = optimizations.filter(() => random.chance(0.5)).join(',')
  const optimization = random.chance(0.35) ? (random.chance(0.4) || some === '' ? 'all' : some) : 'none'
  return {
    cache,
    optimization,
    emitInterval: random.chance(0.1) ? random.pick([5, 30]) : 0,
    ...(random.chance(0.3) ? { skips: random.pick(['processing', 'deserialization', 'both'] as const) } : {}),
    ...(random.chance(0.05) ? { wrapped: true } : {}),
  }
}

function write(draft: Draft, size: number): void {
  const sum = rules.reduce((total, [weight]) => total + weight, 0)
  source(draft)
  for (let written = 0, tries = 0; written < size && tries < size * 20; tries++) {
    let at = draft.random.below(sum)
    const rule = rules.find(([weight]) => (at -= weight) < 0)
    if (rule?.[1](draft) === true) written++
  }
  observe(draft)
}

/** What nobody reads says nothing: most tables and some streams go to topics of their own. */
function observe(draft: Draft): void {
  const read = new Set(draft.calls.flatMap(({ from, other, groups = [] }) => [from, other, ...groups]))
  for (const made of [...draft.made]) {
    if (read.has(made.id) || !draft.random.chance(0.75)) continue
    if (made.kind === 'stream') sink(draft, made)
    else if (made.kind === 'table') sink(draft, streamOf(draft, made))
  }
}
