/**
 * How fast work goes on after `kill -9` of one of three instances with its state kept, again and again under load: once
 * with a restart at once, when its tasks shall run within 2 s of it, and once without, when the others shall have them
 * within the session time-out and a second.
 */
import { withBed } from './bed.ts'
import type { Bed, Verdict } from './bed.ts'
import { seconds, showSpread, spreadOf } from './figures.ts'
import type { Instance } from './instance.ts'
import { countingSubTopology, instanceCount, sessionTimeoutMs } from './layout.ts'
import type { KillOptions } from './options.ts'
import { bringToEnd, openTooLong } from './run.ts'

export const restartMaxMs = 2000
export const takeOverMaxMs: number = sessionTimeoutMs + 1000

/** A process that needs longer than this for its first word is on a machine that is busy with other work. */
const busyBootMs = 1000

const linesPerSecond = 2000
const calmMs = 1500
const waitMaxMs = 90_000

export interface RecoveryReport extends Verdict {
  readonly options: KillOptions
  /** From the start of the process until tasks of its own ran; one per repetition. */
  readonly restartMs: readonly number[]
  /** From the same moment until the process said its first word. */
  readonly bootMs: readonly number[]
  /** From the same moment until its partitions of the output had something new for readers. */
  readonly restartOutputMs: readonly number[]
  /** From the kill until the others ran every task. */
  readonly takeOverMs: readonly number[]
  readonly takeOverOutputMs: readonly number[]
  readonly longestOpenMs: number
}

export function measureRecovery(options: KillOptions, repetitions: number): Promise<RecoveryReport> {
  return withBed(options, async (bed) => {
    const violations: string[] = []
    const figures = { restartMs: [], bootMs: [], restartOutputMs: [], takeOverMs: [], takeOverOutputMs: [] } as Figures
    const { client, fleet, follower, load } = bed
    fleet.start()
    await requireComplete(bed, 'the start')
    follower.start()
    const ended = new AbortController()
    const producing = load.produce(client, linesPerSecond, 1000, ended.signal)
    try {
      for (let turn = 0; turn < repetitions; turn++) {
        await pause(calmMs)
        await killAndRestart(bed, turn % instanceCount, figures)
        await pause(calmMs)
        await killAndWait(bed, (turn + 1) % instanceCount, figures)
      }
    } finally {
      ended.abort()
      await producing
    }
    await bringToEnd(bed, violations)
    await fleet.stop(20_000)
    const counts = await load.check(client, options.guarantee === 'exactly_once' ? 'exact' : 'none missing')
    await follower.stop()
    violations.push(...fleet.violations, ...follower.regressions, ...counts.violations, ...openTooLong(bed))
    if (follower.looks === 0) violations.push('offsets and open transactions were never seen from outside')
    return { options, violations, longestOpenMs: follower.longestOpenMs, ...figures }
  })
}

interface Figures {
  readonly restartMs: number[]
  readonly bootMs: number[]
  readonly restartOutputMs: number[]
  readonly takeOverMs: number[]
  readonly takeOverOutputMs: number[]
}

async function killAndRestart(bed: Bed, index: number, figures: Figures): Promise<void> {
  const victim = instanceOf(bed, index)
  const partitions = outputsOf(victim)
  await victim.kill()
  const life = victim.start()
  if (!(await victim.until(() => life.runningAtMs !== undefined, waitMaxMs))) {
    throw new Error(`instance ${index + 1} did not run its tasks within ${seconds(waitMaxMs)} of its restart`)
  }
  figures.restartMs.push((life.runningAtMs ?? 0) - life.startedAtMs)
  figures.bootMs.push((life.spokeAtMs ?? 0) - life.startedAtMs)
  if (partitions.length > 0) figures.restartOutputMs.push(await nextOutputMs(bed, partitions, life.startedAtMs))
  await requireComplete(bed, `the restart of instance ${index + 1}`)
}

async function killAndWait(bed: Bed, index: number, figures: Figures): Promise<void> {
  const victim = instanceOf(bed, index)
  const partitions = outputsOf(victim)
  const killedAtMs = Date.now()
  await victim.kill()
  await requireComplete(bed, `the end of instance ${index + 1}`)
  figures.takeOverMs.push(Date.now() - killedAtMs)
  if (partitions.length > 0) figures.takeOverOutputMs.push(await nextOutputMs(bed, partitions, killedAtMs))
  victim.start()
  await requireComplete(bed, `the return of instance ${index + 1}`)
}

/** Until each of these partitions had a committed record after that moment. */
async function nextOutputMs({ follower }: Bed, partitions: readonly number[], sinceMs: number): Promise<number> {
  const deadlineMs = Date.now() + waitMaxMs
  for (;;) {
    const times = partitions.map((partition) => follower.firstOutputAfter(partition, sinceMs))
    if (times.every((time) => time !== undefined)) return Math.max(0, ...times.map((time) => (time ?? 0) - sinceMs))
    if (Date.now() > deadlineMs)
      throw new Error(`no output in partitions ${partitions.join(', ')} for ${seconds(waitMaxMs)}`)
    await pause(10)
  }
}

function outputsOf(instance: Instance): number[] {
  return [...instance.tasks]
    .filter((task) => task.startsWith(`${countingSubTopology}_`))
    .map((task) => Number(task.split('_')[1]))
}

function instanceOf({ fleet }: Bed, index: number): Instance {
  const instance = fleet.instances[index]
  if (instance === undefined) throw new Error(`there is no instance ${index + 1}`)
  return instance
}

async function requireComplete({ fleet }: Bed, after: string): Promise<void> {
  if (!(await fleet.untilComplete(waitMaxMs))) {
    throw new Error(`not every task ran within ${seconds(waitMaxMs)} of ${after}`)
  }
}

/** What took longer than it may; on a busy machine that says little. */
export function tooSlow({ restartMs, takeOverMs }: Pick<RecoveryReport, 'restartMs' | 'takeOverMs'>): string[] {
  const slow = (what: string, times: readonly number[], maxMs: number): string[] =>
    times.filter((ms) => ms > maxMs).map((ms) => `${what} after ${seconds(ms)}, more than ${seconds(maxMs)}`)
  return [
    ...slow('the tasks of a restarted instance ran', restartMs, restartMaxMs),
    ...slow('the tasks of a dead instance ran elsewhere', takeOverMs, takeOverMaxMs),
  ]
}

export interface MedianLimits {
  readonly restartMs: number
  readonly takeOverMs: number
  /** Which they are, and why. */
  readonly said: string
}

/**
 * For the medians of a few repetitions: one of three may meet a machine that is busy with something else. Where processes
 * need long for their first word they all do; then none must wait for the session of its predecessor, at least.
 */
export function medianLimits(bootMs: readonly number[]): MedianLimits {
  const boot = spreadOf(bootMs).p50
  const isBusy = boot > busyBootMs
  const restartMs = isBusy ? sessionTimeoutMs : restartMaxMs
  const takeOverMs = takeOverMaxMs + (isBusy ? restartMaxMs : 0)
  const why = isBusy ? `those of a busy machine: the median first line came after ${seconds(boot)}` : 'as they are'
  return {
    restartMs,
    takeOverMs,
    said: `  limits for the medians: ${seconds(restartMs)} and ${seconds(takeOverMs)} (${why})`,
  }
}

export function describeRecovery(report: RecoveryReport): string {
  const { options, violations } = report
  return [
    `${violations.length === 0 ? 'clean' : 'VIOLATED'}: recovery of ${options.app} on ${options.broker}, ${options.guarantee}`,
    `  killed and started again: from process start to its tasks running ${showSpread(spreadOf(report.restartMs))}`,
    `    … to its first line ${showSpread(spreadOf(report.bootMs))}`,
    `    … to new output in its partitions ${showSpread(spreadOf(report.restartOutputMs))}`,
    `  killed, not started: from the kill to all tasks running elsewhere ${showSpread(spreadOf(report.takeOverMs))}`,
    `    … to new output in its partitions ${showSpread(spreadOf(report.takeOverOutputMs))}`,
    `  a transaction was open for at most ${seconds(report.longestOpenMs)}`,
    ...violations.map((violation) => `  VIOLATION ${violation}`),
    ...(options.app === 'millrace' ? tooSlow(report).map((slow) => `  SLOW ${slow}`) : []),
    ...(report.logs === undefined ? [] : [`  logs: ${report.logs}`]),
  ].join('\n')
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
