/** Compares a range of seeds. */
import { difference } from './compare.ts'
import { generate } from './generate.ts'
import type { JavaSide } from './java-side.ts'
import { remembers, run } from './outcome.ts'
import type { Outcome, Program } from './program.ts'
import { written } from './report.ts'
import { shrink } from './shrink.ts'

export interface Comparison {
  readonly java: JavaSide
  readonly from: number
  readonly seeds: number
  /** After so many failures no more is begun. */
  readonly failuresMax: number
  readonly shrinks: boolean
  /** Programs without any of these calls are passed over; empty: none. */
  readonly only: readonly string[]
  /** Whether input records may have headers. */
  readonly headers: boolean
  /** Whether millrace crashes after every step. */
  readonly crashes: boolean
  readonly onFailure: (text: string) => void
  readonly onProgress?: (line: string) => void
}

export interface ComparisonResult {
  equal: number
  /** Of those that are equal. */
  refused: number
  /** How many for which reason. */
  readonly skipped: Map<string, number>
  readonly failed: number[]
  readonly recorded: { readonly program: Program; readonly outcome: Outcome }[]
}

const batch = 25
const progressEvery = 1000

export async function compareSeeds(comparison: Comparison): Promise<ComparisonResult> {
  const { java, from, seeds, failuresMax, only, headers, onProgress } = comparison
  const result: ComparisonResult = { equal: 0, refused: 0, skipped: new Map(), failed: [], recorded: [] }
  for (let at = from; at < from + seeds && result.failed.length < failuresMax; at += batch) {
    const programs = Array.from({ length: Math.min(batch, from + seeds - at) }, (_, index) =>
      headers ? generate(at + index) : withoutHeaders(generate(at + index)),
    )
    const chosen = programs.filter(({ calls }) => only.length === 0 || calls.some(({ op }) => only.includes(op)))
    const outcomes = await java.outcomes(chosen)
    for (const [index, program] of chosen.entries()) {
      const expected = outcomes[index]
      if (expected !== undefined && result.failed.length < failuresMax)
        await judge(comparison, result, program, expected)
    }
    if ((at + batch - from) % progressEvery === 0)
      onProgress?.(`${at + batch - from} seeds, ${result.failed.length} differ`)
  }
  return result
}

function withoutHeaders(program: Program): Program {
  const steps = program.steps.map((step) =>
    'wall' in step ? step : { topic: step.topic, key: step.key, value: step.value, ts: step.ts },
  )
  return { ...program, steps }
}

async function judge(
  { java, shrinks, crashes, onFailure }: Comparison,
  result: ComparisonResult,
  program: Program,
  expected: Outcome,
): Promise<void> {
  const why = reasonToSkip(program, expected, crashes)
  if (why !== undefined) {
    result.skipped.set(why, (result.skipped.get(why) ?? 0) + 1)
    return
  }
  const differs = difference(expected, safely(program, crashes), program.config.cache > 0)
  if (differs === undefined) {
    result.equal++
    if (expected.refused !== undefined) result.refused++
    result.recorded.push({ program, outcome: expected })
    return
  }
  result.failed.push(program.seed)
  const kind = kindOf(differs)
  const stillDiffers = async (smaller: Program): Promise<boolean> => {
    const [outcome] = await java.outcomes([smaller])
    const skips = outcome === undefined || reasonToSkip(smaller, outcome, crashes) !== undefined
    const found = skips ? undefined : difference(outcome, safely(smaller, crashes), smaller.config.cache > 0)
    return found !== undefined && kindOf(found) === kind
  }
  const smallest = shrinks ? await shrink(program, stillDiffers) : program
  const [again] = await java.outcomes([smallest])
  const shown = again === undefined ? differs : difference(again, safely(smallest, crashes), smallest.config.cache > 0)
  onFailure(`${written(smallest)}\n${shown}`)
}

/** What millrace has not got, and what Java's driver does otherwise than Kafka Streams. */
function reasonToSkip(program: Program, expected: Outcome, crashes: boolean): string | undefined {
  if (crashes && remembers(program)) return 'what Kafka Streams remembers outside of stores: timers, throttles, numbers'
  if (expected.refused?.includes('failed to initialize processor') === true) return 'Java fails while it starts'
  const { refused } = safely(program, crashes)
  const missing = refused !== undefined && /MILLRACE_NOT_AVAILABLE|not supported yet/.test(refused)
  return missing
    ? refused
        .split('\n', 1)
        .join('')
        .replaceAll(/KSTREAM\S+|\bstore \S+/g, '…')
        .slice(0, 100)
    : undefined
}

function safely(program: Program, crashes: boolean): Outcome {
  try {
    return run(program, { crashes })
  } catch (error) {
    return { refused: `unexpected: ${(error as Error).stack ?? String(error)}` }
  }
}

/** The first words tell describe(), a refusal, a record and a store apart. */
function kindOf(differs: string): string {
  return differs
    .split('\n', 1)
    .join('')
    .replaceAll(/\d+/g, '')
    .replace(/\(.*/, '')
    .replace(/^(store|dropped records).*/, '$1')
    .slice(0, 60)
}
