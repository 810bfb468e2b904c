/**
 * Every code that a `StreamsError` can have, as one type, derived from the `<area>Errors` tables; and `StreamsError` as
 * the public door shows it, with such a code. It stands apart from `streams-error.ts` because the tables' files build on
 * that one, and files must not import each other in a circle, types included. There is still one class.
 */
import type { brokerErrors } from './broker-error.ts'
import type { callbackErrors } from './callback-error.ts'
import type { cliErrors } from './cli-error.ts'
import type { configErrors } from './config-error.ts'
import type { diskErrors } from './disk-error.ts'
import type { kafkaErrors, transportErrors } from './kafka-error.ts'
import type { protocolErrors } from './protocol-error.ts'
import type { runtimeErrors } from './runtime-error.ts'
import type { serdeErrors } from './serde-error.ts'
import type { serverErrors } from './server-error.ts'
import type { stateDirectoryErrors, stateErrors } from './state-error.ts'
import { StreamsError as Thrown, type StreamsErrorOptions } from './streams-error.ts'
import type { taskErrors } from './task-error.ts'
import type { testingErrors } from './testing-error.ts'
import type { topologyErrors } from './topology-error.ts'

type Tables = [
  typeof brokerErrors,
  typeof callbackErrors,
  typeof cliErrors,
  typeof configErrors,
  typeof diskErrors,
  typeof kafkaErrors,
  typeof protocolErrors,
  typeof runtimeErrors,
  typeof serdeErrors,
  typeof serverErrors,
  typeof stateDirectoryErrors,
  typeof stateErrors,
  typeof taskErrors,
  typeof testingErrors,
  typeof topologyErrors,
  typeof transportErrors,
]

type KeysOf<Table> = Table extends unknown ? keyof Table : never

/**
 * Every code of an error that millrace throws. `docs/errors.md` has a section for each, and `millrace explain <code>`
 * prints it. A `switch` over `error.code` is checked against this list when it is compiled.
 */
export type ErrorCode = KeysOf<Tables[number]>

/**
 * Every error that millrace throws on purpose. `code` says which it is (two copies of the package have two classes, so
 * test the code and not `instanceof` where that may be), `message` what happened, where, what was found and what to do,
 * `cause` what lies below it, `reaction` what the runtime does about it.
 */
export interface StreamsError extends Thrown {
  readonly code: ErrorCode
}

export const StreamsError: {
  new (code: ErrorCode, message: string, options?: StreamsErrorOptions): StreamsError
  readonly prototype: StreamsError
} = Thrown as unknown as typeof StreamsError
