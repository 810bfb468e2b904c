/**
 * What becomes of a record that failed: the one place that knows the error policies. `fail` and `retry` throw a TaskError
 * and so stop the task before the record; `skip` and dead letters return, and the caller goes on.
 *
 * Not every error that passes by is the record's: a producer that was fenced throws from a sink, below the user's
 * processors. Such an error is marked where it enters, and no policy ever sees it.
 */
import { asBuffer } from '../../common/bytes.ts'
import { noHeaders, type Header, type Headers } from '../../common/headers.ts'
import { TaskError, type taskErrors } from '../../errors/task-error.ts'
import type { ErrorAction, ErrorPolicy, FailedRecord } from '../../processor/error-policy.ts'
import type { RecordContext } from '../../processor/record-context.ts'
import type { RecordSink } from '../../processor/record-sink.ts'
import type { DroppedRecords } from './dropped-records.ts'

/** The record as it came from its topic; views that are valid during the record. */
export interface RawRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly headers: Headers
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
}

export interface Failure {
  readonly kind: FailedRecord['kind']
  readonly code: keyof typeof taskErrors
  readonly node: string
  readonly policy: ErrorPolicy
  /** What happened and what to do; the error's own message follows in between. */
  readonly what: string
  readonly advice: string
  readonly key: unknown
  readonly value: unknown
}

type DeadLetter = Exclude<ErrorAction, string>['deadLetter']

export class FailureHandler {
  readonly #taskId: string
  readonly #record: RecordContext
  readonly #sink: RecordSink
  readonly #dropped: DroppedRecords
  #outside: unknown
  /** What the record that is being read or processed was taken from; undefined in a punctuator or a flush. */
  source: { raw(): RawRecord } | undefined

  constructor(taskId: string, record: RecordContext, sink: RecordSink, dropped: DroppedRecords) {
    this.#taskId = taskId
    this.#record = record
    this.#sink = this.guard(sink)
    this.#dropped = dropped
  }

  /** `sink`, whose errors pass all policies but for what `isRecords` says is the record's own fault. */
  guard(sink: RecordSink, isRecords: (error: unknown) => boolean = () => false): RecordSink {
    return {
      partitionCount: (topic) => sink.partitionCount(topic),
      append: (topic, partition, key, value, timestamp, headers) => {
        try {
          sink.append(topic, partition, key, value, timestamp, headers)
        } catch (error) {
          if (!isRecords(error)) this.#outside = error
          throw error
        }
      },
    }
  }

  /** Whether a policy must not see it: decided already further down, or not the record's fault. */
  isSettled(error: unknown): boolean {
    return error instanceof TaskError || (error !== undefined && error === this.#outside)
  }

  /** Returns when the record is to be skipped; throws in all other cases. */
  handle(error: unknown, failure: Failure): void {
    if (this.isSettled(error)) throw error
    const raw = this.source?.raw()
    const cause = error instanceof Error ? error : new Error(String(error))
    const action = this.#decide(cause, failure, raw)
    if (action === 'fail' || action === 'retry') throw this.#taskError(cause, failure, action)
    if (action !== 'skip') this.#sendLetter(action.deadLetter, cause, raw)
    this.#dropped.drop(failure.kind, failure.node, raw ?? this.#record)
  }

  #decide(cause: Error, failure: Failure, raw: RawRecord | undefined): ErrorAction | 'retry' {
    const { policy } = failure
    const action = typeof policy === 'function' ? policy(cause, this.#failedRecord(failure, raw)) : policy
    const isLetter = typeof action === 'object' && action !== null && action.deadLetter !== undefined
    if (action === 'fail' || action === 'skip' || action === 'retry' || isLetter) return action
    throw new TaskError(
      'MILLRACE_POLICY_INVALID',
      this.#place(failure.node),
      `the ${failure.kind} policy returned ${JSON.stringify(action)}; it must return 'fail', 'skip', 'retry' or { deadLetter: topic }`,
      { cause },
    )
  }

  #failedRecord({ kind, node, key, value }: Failure, raw: RawRecord | undefined): FailedRecord {
    const { topic, partition, offset, timestamp, headers } = kind === 'deserialization' && raw ? raw : this.#record
    const rawKey = raw?.key ?? null
    const rawValue = raw?.value ?? null
    return {
      kind,
      node,
      taskId: this.#taskId,
      topic,
      partition,
      offset,
      timestamp,
      headers,
      key,
      value,
      rawKey,
      rawValue,
    }
  }

  #taskError(cause: Error, { code, node, what, advice, kind }: Failure, action: 'fail' | 'retry'): TaskError {
    const place = kind === 'deserialization' ? this.#placeOf(node, this.source?.raw()) : this.#place(node)
    return new TaskError(code, place, `${what}: ${cause.message}${advice === '' ? '' : `; ${advice}`}`, {
      cause,
      reaction: action === 'retry' ? 'abortable' : 'fatal',
    })
  }

  #place(node: string): ConstructorParameters<typeof TaskError>[1] {
    return this.#placeOf(node, this.#record)
  }

  #placeOf(
    node: string,
    record: Pick<RecordContext, 'topic' | 'partition' | 'offset'> = this.#record,
  ): ConstructorParameters<typeof TaskError>[1] {
    return { taskId: this.#taskId, node, topic: record.topic, partition: record.partition, offset: record.offset }
  }

  /** KIP-1034: the source's key and value with its headers and what went wrong, in the transaction of the task. */
  #sendLetter(letter: DeadLetter, cause: Error, raw: RawRecord | undefined): void {
    const { topic, key, value, timestamp, headers } = typeof letter === 'string' ? { topic: letter } : letter
    this.#sink.append(
      topic,
      -1,
      key === undefined ? (raw?.key ?? null) : key,
      value === undefined ? (raw?.value ?? null) : value,
      timestamp ?? raw?.timestamp ?? this.#record.timestamp,
      headers ?? [...(raw?.headers ?? noHeaders), ...letterHeaders(cause, raw ?? this.#record)],
    )
  }
}

function letterHeaders(
  cause: Error,
  { topic, partition, offset }: Pick<RecordContext, 'topic' | 'partition' | 'offset'>,
): Header[] {
  const header = (name: string, text: string): Header => [`__streams.errors.${name}`, asBuffer(Buffer.from(text))]
  return [
    header('exception', cause.name),
    header('message', cause.message),
    header('stacktrace', cause.stack ?? ''),
    header('topic', topic ?? ''),
    header('partition', String(partition)),
    header('offset', String(offset)),
  ]
}
