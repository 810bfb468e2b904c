/** `millrace lag`: a report, or one after the other. */
import { sleep, systemClock } from '../common/clock.ts'
import { CliError } from '../errors/cli-error.ts'
import { nearest } from '../common/nearest.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import { lagRate } from '../runtime/operations/lag.ts'
import { lagOnCluster } from '../runtime/operations/lag-on-cluster.ts'
import type { LagOnCluster } from '../runtime/operations/lag-on-cluster.ts'
import { withClient } from './connection.ts'
import type { ConnectionOptions } from './connection.ts'
import { ageText, lagText } from './lag-text.ts'
import { emit } from './output.ts'
import type { OutputFormat } from './output.ts'
import { loadOperand } from './shape.ts'
import type { Operand } from './shape.ts'
import { onStopSignal } from './stop-signals.ts'
import { clearScreen, say } from './terminal.ts'

export interface LagOptions extends ConnectionOptions {
  readonly output: OutputFormat
  readonly threshold?: number
  readonly thresholdTime?: number
  readonly watch?: boolean
  readonly interval: number
}

export async function lagCommand(file: string | undefined, options: LagOptions): Promise<void> {
  if (options.watch === true && options.output === 'json') {
    throw new CliError(
      'MILLRACE_USAGE',
      '--watch prints one document after the other: give -o jsonl instead of -o json',
    )
  }
  const operand = await loadOperand(file, options)
  // Whoever watches is not in a hurry.
  const connection = options.watch === true ? { ...options, timeout: undefined } : options
  const use = (client: KafkaClient): Promise<void> =>
    options.watch === true ? watch(client, operand, options) : once(client, operand, options)
  await (operand.kafka === undefined
    ? withClient('lag', connection, use)
    : withClient('lag', connection, use, operand.kafka))
}

async function once(client: KafkaClient, operand: Operand, options: LagOptions): Promise<void> {
  const lag = await ask(client, operand)
  await requireSomething(client, operand, lag)
  await show(lag, undefined, options.output)
  throwOverThreshold(lag, options)
}

/** A threshold ends it as soon as it is exceeded. */
async function watch(client: KafkaClient, operand: Operand, options: LagOptions): Promise<void> {
  const end = new AbortController()
  const heedNoSignals = onStopSignal({ first: () => end.abort(), again: () => process.exit(130) })
  try {
    let before: LagOnCluster | undefined
    while (!end.signal.aborted) {
      const lag = await ask(client, operand)
      if (end.signal.aborted) return
      await show(lag, before, options.output === 'json' ? 'jsonl' : options.output, true)
      throwOverThreshold(lag, options)
      before = lag
      await sleep(systemClock, options.interval, end.signal)
    }
  } finally {
    heedNoSignals()
  }
}

function ask(client: KafkaClient, { applicationId, application }: Operand): Promise<LagOnCluster> {
  return lagOnCluster({ client, clock: systemClock, applicationId, application: application?.shape })
}

/** An id that nobody has is most likely a slip. */
async function requireSomething(client: KafkaClient, operand: Operand, { report }: LagOnCluster): Promise<void> {
  if (operand.application !== undefined || report.group !== null || report.partitions.length > 0) return
  const groups = (await client.admin.groups.list()).map(({ groupId }) => groupId)
  const near = nearest(report.applicationId, groups)
  const hint =
    near === undefined ? 'it has never run on this Kafka, or its offsets have expired' : `did you mean '${near}'?`
  throw new CliError('MILLRACE_PRECONDITION', `there is no group '${report.applicationId}': ${hint}`)
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
    const [worst] = report.partitions.toSorted((a, b) => b.lag - a.lag)
    const where = worst === undefined ? '' : `; most of it (${worst.lag}) in ${worst.topic}-${worst.partition}`
    const message = `the lag of '${report.applicationId}' is ${lag} records, more than ${threshold}${where}`
    throw new CliError('MILLRACE_CHECK_FAILED', message)
  }
  if (thresholdTime !== undefined && lagMs !== null && lagMs > thresholdTime) {
    const message = `the oldest record that '${report.applicationId}' has not committed is ${ageText(lagMs)} old, more than ${ageText(thresholdTime)}`
    throw new CliError('MILLRACE_CHECK_FAILED', message)
  }
}
