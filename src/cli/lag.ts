/** `millrace lag`: a report, or one after the other. */
import { systemClock } from '../common/clock.ts'
import { CliError } from '../errors/cli-error.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import { counted } from '../runtime/operations/counted.ts'
import { lagRate } from '../runtime/operations/lag.ts'
import { lagOnCluster } from '../runtime/operations/lag-on-cluster.ts'
import type { LagOnCluster } from '../runtime/operations/lag-on-cluster.ts'
import { ageText, lagText } from './lag-text.ts'
import { emit } from './output.ts'
import type { OutputFormat } from './output.ts'
import { oneLine } from './printable.ts'
import { loadOperand } from './shape.ts'
import type { Operand } from './shape.ts'
import { clearScreen, say } from './terminal.ts'
import { checkWatch, unknownGroup, untilInterrupted, withOperandClient } from './watching.ts'
import type { WatchOptions } from './watching.ts'

export interface LagOptions extends WatchOptions {
  readonly threshold?: number
  readonly thresholdTime?: number
}

export async function lagCommand(file: string | undefined, options: LagOptions): Promise<void> {
  checkWatch(options)
  const operand = await loadOperand(file, options)
  await withOperandClient('lag', operand, options, (client) =>
    options.watch === true ? watch(client, operand, options) : once(client, operand, options),
  )
}

async function once(client: KafkaClient, operand: Operand, options: LagOptions): Promise<void> {
  const lag = await ask(client, operand, options.timeout)
  await requireSomething(client, operand, lag)
  await show(lag, undefined, options.output)
  throwOverThreshold(lag, options)
  throwIncomplete(lag)
}

/** A threshold ends it as soon as it is exceeded. */
async function watch(client: KafkaClient, operand: Operand, options: LagOptions): Promise<void> {
  let before: LagOnCluster | undefined
  await untilInterrupted(options.interval, async (end) => {
    const lag = await ask(client, operand, undefined)
    if (end.aborted) return
    await show(lag, before, options.output, true)
    throwOverThreshold(lag, options)
    before = lag
  })
}

/** There are four such waits, and what is known shall be told before the time of the command is over. */
export function partitionTimeoutMs(timeoutMs: number): number {
  return Math.min(5000, Math.ceil(timeoutMs / 6))
}

function ask(
  client: KafkaClient,
  { applicationId, application }: Operand,
  timeoutMs: number | undefined,
): Promise<LagOnCluster> {
  const request = { client, clock: systemClock, applicationId, application: application?.shape }
  const limit = timeoutMs === undefined ? {} : { partitionTimeoutMs: partitionTimeoutMs(timeoutMs) }
  return lagOnCluster({ ...request, ...limit })
}

async function requireSomething(client: KafkaClient, operand: Operand, { report }: LagOnCluster): Promise<void> {
  if (operand.application !== undefined || report.group !== null || report.partitions.length > 0) return
  throw await unknownGroup(client, report.applicationId, 'it has never run on this Kafka, or its offsets have expired')
}

async function show(
  lag: LagOnCluster,
  before: LagOnCluster | undefined,
  output: OutputFormat,
  isWatching: boolean = false,
): Promise<void> {
  const rate = before === undefined ? undefined : lagRate(before.report, lag.report)
  const document = { ...lag.report, transactions: lag.transactions, warnings: lag.warnings, ...(rate && { rate }) }
  const isDrawn = isWatching && output === 'text' && process.stdout.isTTY
  if (isDrawn) await clearScreen()
  const rows = isWatching ? [document] : lag.report.partitions
  await emit(output, { document, rows, text: () => `${lagText(lag, rate)}${isWatching && !isDrawn ? '\n' : ''}` })
  if (output === 'text') for (const warning of lag.warnings) say(`warning: ${warning}`)
}

function throwOverThreshold({ report }: LagOnCluster, { threshold, thresholdTime }: LagOptions): void {
  const { lag, lagMs } = report.total
  if (threshold !== undefined && lag > threshold) {
    const [worst] = report.partitions.toSorted((a, b) => (b.lag ?? 0) - (a.lag ?? 0))
    const where = worst === undefined ? '' : `; most of it (${worst.lag}) in ${worst.topic}-${worst.partition}`
    const message = `the lag of '${report.applicationId}' is ${lag} records, more than ${threshold}${where}`
    throw new CliError('MILLRACE_CHECK_FAILED', message)
  }
  if (thresholdTime !== undefined && lagMs !== null && lagMs > thresholdTime) {
    const message = `the oldest record that '${report.applicationId}' has not committed is ${ageText(lagMs)} old, more than ${ageText(thresholdTime)}`
    throw new CliError('MILLRACE_CHECK_FAILED', message)
  }
}

/** Nobody shall take a part for all of it, or for less than a threshold. */
function throwIncomplete({ report }: LagOnCluster): void {
  const unknown = report.partitions.filter((row) => row.unknown !== null)
  const [first] = unknown
  if (first === undefined) return
  const others = unknown.length === 1 ? '' : `, and ${unknown.length - 1} more`
  throw new CliError(
    'MILLRACE_PARTIAL',
    `the lag of '${report.applicationId}' is not known for ${counted(unknown.length, 'partition')}, and the sums are without: ${first.topic}-${first.partition}${others} (${oneLine(first.unknown ?? '')}); look with 'millrace doctor'`,
  )
}
