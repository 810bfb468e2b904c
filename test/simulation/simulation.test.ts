/** A part of the simulation that is short enough for every change; `npm run simulate` runs as much as one likes. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { serdes } from '../../src/serde/serdes.ts'
import type { Fault } from './faults.ts'
import { mutations } from './mutations.ts'
import { runPool } from './pool.ts'
import { randomScenario, smallScenario, type Scenario } from './scenario.ts'
import { openSeries } from './series.ts'
import { simulate } from './simulation.ts'
import { fieldCount, words } from './workloads.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const seeds = 150
const singleFaults = 100

const pool = { root, jobs: Math.min(4, availableParallelism()), overlap: false, traceLines: 0, failuresMax: 1 }

describe('a simulation', () => {
  it('is the same for the same seed, event for event', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const [first, second] = [await simulate(randomScenario(seed)), await simulate(randomScenario(seed))]
      expect(second.hash).toBe(first.hash)
      expect(second.events).toBe(first.events)
    }
    expect((await simulate(randomScenario(1))).hash).not.toBe((await simulate(randomScenario(2))).hash)
  })

  it('finds an application that loses records', async () => {
    const { violations } = await simulate(
      smallScenario({ workload: { ...fieldCount, copyTopic: 'out', changelog: 'out', build: losesRecords } }),
    )
    expect(violations.join('\n')).toMatch(/out of 'oak'/)
  })

  it('finds instances that do not get to rest in time', async () => {
    const { violations } = await simulate(smallScenario(), { settleMs: 1 })
    expect(violations.join('\n')).toMatch(/no progress after the last fault/)
  })
})

describe('instances under faults', () => {
  it(`hold for ${seeds} seeds with several faults each`, { timeout: 120_000 }, async () => {
    const replay = 'npm run simulate -- --seeds 1 --trace'
    const { runs, failures } = await runPool({ ...pool, from: 1, to: 1 + seeds, exhaustive: false, replay })
    expect(failures.map(({ text }) => text).join('\n\n')).toBe('')
    expect(runs).toBe(seeds)
  })

  it(`hold for ${singleFaults} of the runs with one fault each`, { timeout: 120_000 }, async () => {
    const series = await openSeries({ exhaustive: true, overlap: false })
    expect(series.count).toBeGreaterThan(10_000)
    for (let i = 0; i < singleFaults; i++) {
      const number = Math.floor((i * series.count) / singleFaults)
      const { violations } = await simulate(series.scenario(number))
      expect({ number, violations }).toEqual({ number, violations: [] })
    }
  })
})

describe('state on a disk', () => {
  const alone = (fault: Fault): Scenario =>
    smallScenario({ startsMs: [0], restoresAtEnd: false, faults: [{ at: 'EndTxn', nth: 6, fault }] })

  it('is as its instance left it when that was closed', async () => {
    const { violations, restored } = await simulate(alone({ kind: 'close', restartMs: 5 }))
    expect(violations).toEqual([])
    expect(restored.get('m1.1')).toBe(0)
  })

  it('lacks the last commit at most when its instance was killed', async () => {
    const { violations, restored } = await simulate(alone({ kind: 'crash', restartMs: 5, disk: 'kept' }))
    expect(violations).toEqual([])
    expect(restored.get('m1.1')).toBeLessThanOrEqual(words.length)
  })

  it('is made anew from the changelog when the disk is a new one', async () => {
    const { violations, restored } = await simulate(alone({ kind: 'crash', restartMs: 5, disk: 'empty' }))
    expect(violations).toEqual([])
    expect(restored.get('m1.1')).toBeGreaterThan(words.length)
  })
})

describe('the list of mutations', () => {
  for (const { name, edits } of mutations) {
    it(`takes ${name} away from the sources as they are`, () => {
      for (const { file, find } of edits) {
        const source = readFileSync(path.join(root, file), 'utf8')
        expect({ file, times: source.split(find).length - 1 }).toEqual({ file, times: 1 })
      }
    })
  }
})

/** Writes what it read, but for one word. */
function losesRecords(): ReturnType<StreamsBuilder['build']> {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: serdes.string, value: serdes.string })
    .filter((_, word) => word !== 'oak')
    .mapValues(() => 1)
    .to('out', { key: serdes.string, value: serdes.int64 })
  return builder.build()
}
