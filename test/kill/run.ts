/**
 * One kill test from its topics to its verdict.
 *
 * 1. Start the broker, the topics and three instances; wait until every task runs. 2. Produce, while the blows of the
 * schedule fall. 3. Wait until the group has committed everything and no transaction is open. 4. End the instances in
 * order. 5. Check the counts, the changelog, the sleepers and what was seen from outside meanwhile.
 */
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import type { Application } from './application.ts'
import { withBed } from './bed.ts'
import type { Bed, Verdict } from './bed.ts'
import type { Promised } from './checks.ts'
import { seconds, spreadOf } from './figures.ts'
import type { Spread } from './figures.ts'
import type { Fleet, Kill, Strike } from './fleet.ts'
import { describeLeft, lagging, openTransactions, untilEmpty } from './follower.ts'
import type { Follower } from './follower.ts'
import { partitionsOfAll } from './applications.ts'
import { brokerSweepMs, transactionTimeoutMs } from './layout.ts'
import type { KillOptions } from './options.ts'
import { makeSchedule } from './schedule.ts'
import type { Blow } from './schedule.ts'
import { checkSleepers } from './zombie.ts'

const startWaitMs = 60_000
/** A busy machine may need longer, as long as it gets on. */
const catchUpWaitMs = 60_000
const stopWaitMs = 20_000
/** Production goes on for so long after the last blow. */
const calmMs = 2000

export interface KillReport extends Verdict {
  readonly options: KillOptions
  readonly kills: readonly Kill[]
  readonly records: number
  readonly seconds: number
  readonly catchUpMs: number
  /** From the start of a process until tasks of its own ran. */
  readonly recovery: Spread
  /** After each blow, the longest time that one partition of the output was silent. */
  readonly silence: Spread
  readonly longestOpenMs: number
  readonly repeats: number
  readonly shortfall: number
  readonly excess: number
  readonly sleepersJudged: number
}

export function runKillTest(options: KillOptions): Promise<KillReport> {
  return withBed(options, (bed) => killWhileCounting(bed, options))
}

async function killWhileCounting(bed: Bed, options: KillOptions): Promise<Omit<KillReport, 'logs'>> {
  const { application, cluster, client, fleet, follower, load } = bed
  const startedAtMs = Date.now()
  const violations: string[] = []
  fleet.start()
  if (!(await fleet.untilComplete(startWaitMs)))
    violations.push(`not every task ran once, ${seconds(startWaitMs)} after the start`)
  follower.start()
  const schedule = makeSchedule(options)
  const durationMs = (schedule.at(-1)?.atMs ?? 0) + calmMs
  const struck = new AbortController()
  const striking = strikeAll(fleet, schedule).finally(() => struck.abort())
  await Promise.all([load.produce(client, options.records, durationMs, struck.signal), striking])
  const catchUpMs = await bringToEnd(bed, violations)
  if (!(await fleet.untilComplete(startWaitMs)))
    violations.push(`not every task ran once, ${seconds(startWaitMs)} after the kills`)
  await fleet.stop(stopWaitMs)
  await follower.stop()
  const counts = await load.check(client, promiseOf(options))
  const sleepers = await checkSleepers(
    cluster.brokers,
    application.changelogs[0],
    options.guarantee === 'exactly_once' ? fleet.sleepers : [],
  )
  violations.push(...fleet.violations, ...follower.regressions, ...counts.violations, ...sleepers.violations)
  if (follower.looks === 0) violations.push('offsets and open transactions were never seen from outside')
  if (options.zombie && options.guarantee === 'exactly_once' && options.app === 'millrace' && sleepers.judged === 0) {
    violations.push('no sleeper had written anything: nothing is proved about zombies')
  }
  violations.push(...openTooLong(bed))
  return {
    options,
    violations,
    kills: fleet.kills,
    records: load.produced,
    seconds: (Date.now() - startedAtMs) / 1000,
    catchUpMs,
    recovery: spreadOf(fleet.recoveries),
    silence: spreadOf(silencesAfter(fleet.strikes, follower)),
    longestOpenMs: follower.longestOpenMs,
    repeats: counts.repeats,
    shortfall: counts.shortfall,
    excess: counts.excess,
    sleepersJudged: sleepers.judged,
  }
}

/**
 * Without transactions nothing fences a sleeper's producer: what it had not sent when it was stopped may reach the
 * changelog after that of its heirs.
 */
function promiseOf({ guarantee, zombie }: KillOptions): Promised {
  if (guarantee === 'exactly_once') return 'exact'
  return zombie ? 'nothing' : 'none missing'
}

/** Blows fall at their times, whether those before them are over or not. */
async function strikeAll(fleet: Fleet, schedule: readonly Blow[]): Promise<void> {
  const startedAtMs = Date.now()
  const underWay: Promise<void>[] = []
  for (const blow of schedule) {
    await new Promise((resolve) => setTimeout(resolve, blow.atMs - (Date.now() - startedAtMs)))
    underWay.push(fleet.strike(blow))
  }
  await Promise.all(underWay)
}

/** Everything is processed, what waits for time to go on included; how long that took after the last record of the load. */
export async function bringToEnd({ application, client, load }: Bed, violations: string[]): Promise<number> {
  const catchUpMs = await catchUp(client, application, violations)
  if (await load.produceEndings(client)) await catchUp(client, application, violations)
  return catchUpMs
}

/** In this order: the repartition topic is complete only when all of the input is committed. */
async function catchUp(client: KafkaClient, application: Application, violations: string[]): Promise<number> {
  const startedAtMs = Date.now()
  for (const topic of [application.input, application.repartition]) {
    const left = await untilEmpty(() => lagging(client, topic), catchUpWaitMs)
    if (left.size > 0) violations.push(`no progress for ${seconds(catchUpWaitMs)}: ${describeLeft(left)} behind`)
  }
  const caughtUpAtMs = Date.now()
  const open = await untilEmpty(
    () => openTransactions(client, partitionsOfAll(application)),
    transactionTimeoutMs + brokerSweepMs,
  )
  if (open.size > 0) violations.push(`transactions are still open: ${describeLeft(open)}`)
  return caughtUpAtMs - startedAtMs
}

/** Longer than its time-out and the broker's sweep; a broker that was away could not sweep. */
export function openTooLong({ fleet, follower }: Pick<Bed, 'fleet' | 'follower'>): string[] {
  const { longestOpenMs, longestOpen } = follower
  if (longestOpenMs <= transactionTimeoutMs + brokerSweepMs + fleet.brokerAwayMs) return []
  return [`a transaction stayed open for ${seconds(longestOpenMs)}: ${longestOpen}`]
}

/** For each blow the longest silence of a partition that overlaps the time until the next blow. */
function silencesAfter(strikes: readonly Strike[], follower: Follower): number[] {
  return strikes.map(({ atMs }, index) => {
    const untilMs = strikes[index + 1]?.atMs ?? atMs + 10_000
    const overlapping = follower.silences.filter(({ fromMs, toMs }) => fromMs < untilMs && toMs > atMs)
    return Math.max(0, ...overlapping.map(({ fromMs, toMs }) => toMs - fromMs))
  })
}
