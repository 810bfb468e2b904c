/** What an application says when it ends, or cannot begin. */
import { RuntimeError } from '../errors/runtime-error.ts'
import type { StreamsState } from './streams-events.ts'

/** Nobody listens: an application must not end without a word. */
export function warnOfFailure(applicationId: string, failure: Error): void {
  process.emitWarning(`application '${applicationId}' stops: ${failure.message}`, {
    type: 'MillraceError',
    detail: "listen for it with streams.on('error', …) or await streams.stateIs('NOT_RUNNING')",
  })
}

export function notAnswered(applicationId: string, afterMs: number): RuntimeError {
  return new RuntimeError(
    'MILLRACE_TIMEOUT',
    `application '${applicationId}' closed without Kafka, which did not answer within ${afterMs} ms; nothing is lost: an open transaction ends by itself (at the next start, or by its time-out), and what was not committed is processed again`,
  )
}

export function emptyTopology(applicationId: string): RuntimeError {
  return new RuntimeError(
    'MILLRACE_TOPOLOGY_EMPTY',
    `application '${applicationId}': the topology reads no topic, so there is nothing to run; add a source (stream, table, addSource) before build()`,
  )
}

export function startedBefore(applicationId: string, state: StreamsState): RuntimeError {
  return new RuntimeError(
    'MILLRACE_STARTED_BEFORE',
    `application '${applicationId}' is ${state}: start() may be called once; to start again, make a new KafkaStreams`,
  )
}

export function taskOf(error: Error): { readonly taskId?: string } {
  return 'taskId' in error && typeof error.taskId === 'string' ? { taskId: error.taskId } : {}
}
