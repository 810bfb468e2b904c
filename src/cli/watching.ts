/** What commands with `--watch` share: the same look again and again until Ctrl-C, and whom they look at. */
import { sleep, systemClock } from '../common/clock.ts'
import { nearest } from '../common/nearest.ts'
import { CliError } from '../errors/cli-error.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import { withClient } from './connection.ts'
import type { ConnectionOptions } from './connection.ts'
import type { OutputFormat } from './output.ts'
import type { Operand } from './shape.ts'
import { onStopSignal } from './stop-signals.ts'

export interface WatchOptions extends ConnectionOptions {
  readonly output: OutputFormat
  readonly watch?: boolean
  readonly interval: number
}

export function checkWatch({ watch, output }: WatchOptions): void {
  if (watch !== true || output !== 'json') return
  throw new CliError('MILLRACE_USAGE', '--watch prints one document after the other: give -o jsonl instead of -o json')
}

/** Where the operand's Kafka is. Whoever watches is not in a hurry: there is no time-out then. */
export async function withOperandClient(
  command: string,
  operand: Operand,
  options: WatchOptions,
  use: (client: KafkaClient) => Promise<void>,
): Promise<void> {
  const connection = options.watch === true ? { ...options, timeout: undefined } : options
  await (operand.kafka === undefined
    ? withClient(command, connection, use)
    : withClient(command, connection, use, operand.kafka))
}

/** Each turn ends before the pause to the next one begins; a second Ctrl-C waits for nothing. */
export async function untilInterrupted(intervalMs: number, turn: (end: AbortSignal) => Promise<void>): Promise<void> {
  const end = new AbortController()
  const heedNoSignals = onStopSignal({ first: () => end.abort(), again: () => process.exit(130) })
  try {
    while (!end.signal.aborted) {
      await turn(end.signal)
      await sleep(systemClock, intervalMs, end.signal)
    }
  } finally {
    heedNoSignals()
  }
}

/** An id that nobody has is most likely a slip; `otherwise` is the hint where no group has one like it. */
export async function unknownGroup(client: KafkaClient, applicationId: string, otherwise: string): Promise<CliError> {
  const groups = (await client.admin.groups.list()).map(({ groupId }) => groupId)
  const near = nearest(applicationId, groups)
  const hint = near === undefined ? otherwise : `did you mean '${near}'?`
  return new CliError('MILLRACE_PRECONDITION', `there is no group '${applicationId}': ${hint}`)
}
