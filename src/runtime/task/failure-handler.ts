/**
 * What becomes of a record that failed: the one place that knows the error policies. `fail` and `retry` throw a TaskError
 * and so stop the task before the record; `skip` and dead letters return, and the caller goes on.
 *
 * Not every error that passes by is the record's: a producer that was fenced throws from a sink, below the user's
 * processors. Such an error is marked where it enters, and no policy ever sees it. Nor does one see state that a store
 * cannot read: `skip` would lose every record of every key that was written before; nor a buffer that shall end the
 * application when it is full.
 *
 * A dead letter has the timestamp and the headers that the failing node was given, and key and value of the record of the
 * topic. With `compatibility: 'java'` two things are as in Java: what a sink fails with is then put to the policy of the
 * processor before it, and a letter has neither key nor value when a sink beside the failing node has sent the record
 * already (RecordCollectorImpl.freeRawInputRecordFromContext).
 */
import type { Header, Headers } from '../../common/headers.ts'
import { StateError } from '../../errors/state-error.ts'
import { StreamsError } from '../../errors/streams-error.ts'
import { TaskError, type taskErrors, type TaskErrorPlace } from '../../errors/task-error.ts'
import type { ErrorAction, ErrorPolicy, FailedRecord } from '../../processor/error-policy.ts'
import { letterHeader } from '../../processor/letter-headers.ts'
import { noSource, type RecordContext, type SourceBytes } from '../../processor/record-context.ts'
import type { RecordMetadata } from '../../processor/record.ts'
import type { RecordSink } from '../../processor/record-sink.ts'
import type { DroppedRecords } from './dropped-records.ts'
import { readValue } from './unread-text.ts'

/** The record as it came from its topic; views that are valid during the record. */
export interface RawRecord extends SourceBytes, RecordMetadata {
  readonly topic: string
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

/** The record that a task was at, kept for what is decided about it later. */
export interface Moment {
  readonly record: RecordMetadata
  /** Copies. */
  readonly source: SourceBytes
  /** Of those. */
  readonly byteLength: number
}

export interface FailurePolicies {
  /** With `compatibility: 'java'`. */
  readonly likeJava?: boolean
  /** Some policy may ask for key and value of a record that is not the input's any more. */
  readonly keepsSources?: boolean
  readonly onFailure?: ((failure: RecordFailure) => void) | undefined
  /** Incremented with every letter. */
  readonly letters?: { value: number } | undefined
}

/** A record that failed, as far as it may be told: nothing of what was in it, nor what a callback said about it. */
export interface RecordFailure {
  readonly code: keyof typeof taskErrors | StateError['code']
  readonly kind: FailedRecord['kind']
  /** What becomes of the record. */
  readonly action: 'fail' | 'retry' | 'skip' | 'deadLetter'
  readonly node: string
  readonly taskId: string
  readonly topic: string | null
  readonly partition: number
  readonly offset: number
}

type DeadLetter = Exclude<ErrorAction, string>['deadLetter']

/** Letters are about as large as their record: they shall fit wherever that did. */
const messageMaxLength = 1000
const stackMaxLength = 8000

const passesPolicies: ReadonlySet<StateError['code']> = new Set(['MILLRACE_STORE_UNREADABLE', 'MILLRACE_BUFFER_FULL'])

export class FailureHandler {
  readonly #taskId: string
  readonly #record: RecordContext
  readonly #sink: RecordSink
  readonly #dropped: DroppedRecords
  readonly #onFailure: ((failure: RecordFailure) => void) | undefined
  readonly #letters: { value: number } | undefined
  #outside: unknown
  /** The error of a sink that the policy of the processor before it has yet to see. */
  #unsettled: unknown
  readonly likeJava: boolean
  /** Whether anybody asks for {@link wasSent}. */
  readonly tracksSent: boolean
  /** With `likeJava`: a sink has sent the record that the nodes are given now. */
  wasSent = false
  /** What the record that is being read or processed was taken from; undefined in a punctuator or a flush. */
  source: { raw(): RawRecord } | undefined

  constructor(
    taskId: string,
    record: RecordContext,
    sink: RecordSink,
    dropped: DroppedRecords,
    { likeJava = false, keepsSources = false, onFailure, letters }: FailurePolicies = {},
  ) {
    this.#taskId = taskId
    this.#record = record
    this.#onFailure = onFailure
    this.#letters = letters
    this.likeJava = likeJava
    this.tracksSent = likeJava && keepsSources
    if (keepsSources) record.keepSource = () => copyOf(this.#sourceBytes())
    this.#sink = this.guard(sink)
    this.#dropped = dropped
  }

  /** `sink`, whose errors pass all policies but for what `isRecords` says is the record's own fault. */
  guard(sink: RecordSink, isRecords: (error: unknown) => boolean = () => false): RecordSink {
    return {
      partitionCount: (topic) => sink.partitionCount(topic),
      whenKnown: (topic, bytes, send) => sink.whenKnown(topic, bytes, send),
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

  /** Where the task is now. */
  moment(): Moment {
    const { topic, partition, offset, timestamp, headers } = this.#record
    const source = copyOf(this.#sourceBytes())
    return {
      record: { topic, partition, offset, timestamp, headers },
      source,
      byteLength: (source.key?.length ?? 0) + (source.value?.length ?? 0),
    }
  }

  /** Runs what was put off as if the task were at that record still. */
  at({ record, source }: Moment, work: () => void): void {
    const { topic, partition, offset, timestamp, headers, source: sourceBefore } = this.#record
    this.wasSent = false
    Object.assign(this.#record, { ...record, source, rawKey: undefined })
    try {
      work()
    } finally {
      const before = { topic, partition, offset, timestamp, headers, source: sourceBefore }
      Object.assign(this.#record, { ...before, rawKey: undefined })
    }
  }

  /** Whether a policy must not see it: decided already further down, or not the record's fault. */
  isSettled(error: unknown): boolean {
    if (error === undefined) return false
    return (error instanceof TaskError && error !== this.#unsettled) || error === this.#outside
  }

  /** What is thrown where a sink fails: with `likeJava` the policy of the processor before it is asked as well. */
  failSink(error: unknown, failure: Failure): never {
    const failed = this.#taskError(asError(error), failure, 'fail')
    if (this.likeJava) this.#unsettled = failed
    throw failed
  }

  /** Returns when the record is to be skipped; throws in all other cases. */
  handle(error: unknown, failure: Failure): void {
    if (this.isSettled(error)) throw error
    if (error instanceof StateError && passesPolicies.has(error.code)) {
      this.#tell({ ...failure, code: error.code }, 'fail')
      throw new TaskError(error.code, this.#place(failure.node), error.message, { cause: error })
    }
    const isSinks = error === this.#unsettled
    this.#unsettled = undefined
    const cause = isSinks ? asError((error as TaskError).cause) : asError(error)
    const action = this.#decide(cause, failure)
    this.#tell(failure, typeof action === 'object' ? 'deadLetter' : action)
    if (action === 'fail' || action === 'retry') {
      if (isSinks && action === 'fail') throw error
      // In Java the answer to what is too large comes when the processors are done.
      if (action === 'fail' && failure.kind === 'production' && !isOversized(cause)) this.failSink(cause, failure)
      throw this.#taskError(cause, failure, action)
    }
    if (action !== 'skip') this.#writeLetter(action.deadLetter, cause, failure)
    this.#dropped.drop(failure.kind, failure.node, this.#failed(failure), action !== 'skip')
  }

  #tell(
    { code, kind, node }: Pick<Failure, 'kind' | 'node'> & Pick<RecordFailure, 'code'>,
    action: RecordFailure['action'],
  ): void {
    const { topic, partition, offset } = this.#failed({ kind })
    this.#onFailure?.({ code, kind, action, node, taskId: this.#taskId, topic, partition, offset })
  }

  /** Of what is read there is no context yet. */
  #failed({ kind }: Pick<Failure, 'kind'>): RecordMetadata {
    return (kind === 'deserialization' ? this.source?.raw() : undefined) ?? this.#record
  }

  #sourceBytes(): SourceBytes {
    return this.wasSent ? noSource : (this.#record.source ?? this.source?.raw() ?? noSource)
  }

  #sourceOf({ kind }: Failure): SourceBytes {
    return (kind === 'deserialization' ? this.source?.raw() : undefined) ?? this.#sourceBytes()
  }

  #decide(cause: Error, failure: Failure): ErrorAction | 'retry' {
    const { policy } = failure
    const action = typeof policy === 'function' ? policy(cause, this.#failedRecord(failure)) : policy
    const isLetter = typeof action === 'object' && action !== null && action.deadLetter !== undefined
    if (action === 'fail' || action === 'skip' || action === 'retry' || isLetter) return action
    throw new TaskError(
      'MILLRACE_POLICY_INVALID',
      this.#place(failure.node),
      `the ${failure.kind} policy returned ${JSON.stringify(action)}; it must return 'fail', 'skip', 'retry' or { deadLetter: topic }`,
      { cause },
    )
  }

  #failedRecord(failure: Failure): FailedRecord {
    const { kind, node, key, value } = failure
    const { topic, partition, offset, timestamp, headers } = this.#failed(failure)
    const { key: rawKey, value: rawValue } = this.#sourceOf(failure)
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
      value: readValue(value, rawValue),
      rawKey,
      rawValue,
    }
  }

  #taskError(cause: Error, failure: Failure, action: 'fail' | 'retry'): TaskError {
    const { code, node, what, advice } = failure
    const place = this.#placeOf(node, this.#failed(failure))
    return new TaskError(code, place, `${what}: ${cause.message}${advice === '' ? '' : `; ${advice}`}`, {
      cause,
      reaction: action === 'retry' ? 'abortable' : 'fatal',
    })
  }

  #place(node: string): TaskErrorPlace {
    return this.#placeOf(node, this.#record)
  }

  #placeOf(node: string, record: Pick<RecordContext, 'topic' | 'partition' | 'offset'> = this.#record): TaskErrorPlace {
    return { taskId: this.#taskId, node, topic: record.topic, partition: record.partition, offset: record.offset }
  }

  /** KIP-1034: the source's key and value with its headers and what went wrong, in the transaction of the task. */
  #writeLetter(letter: DeadLetter, cause: Error, failure: Failure): void {
    const { topic, key, value, timestamp, headers } = typeof letter === 'string' ? { topic: letter } : letter
    const failed = this.#failed(failure)
    const source = this.#sourceOf(failure)
    const place = this.#placeOf(failure.node, failed)
    const keyBytes = key === undefined ? source.key : key
    const valueBytes = value === undefined ? source.value : value
    const written = [
      timestamp ?? failed.timestamp,
      headers ?? [
        ...failed.headers,
        ...letterHeaders(cause, failed),
        ...(this.likeJava ? [] : ownHeaders(cause, failure)),
      ],
    ] as const
    if (this.#sink.partitionCount(topic) !== undefined) {
      this.#sendLetter(topic, keyBytes, valueBytes, ...written, place)
      return
    }
    // A topic that only a function names.
    const [keyCopy, valueCopy] = [keyBytes && Buffer.from(keyBytes), valueBytes && Buffer.from(valueBytes)]
    this.#sink.whenKnown(topic, (keyCopy?.length ?? 0) + (valueCopy?.length ?? 0), (missing) => {
      if (missing !== undefined) throw letterError(topic, place, missing)
      this.#sendLetter(topic, keyCopy, valueCopy, ...written, place)
    })
  }

  /** A letter that cannot be written is no reason to lose its record: the task stops before it. */
  #sendLetter(
    topic: string,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers: Headers,
    place: TaskErrorPlace,
  ): void {
    try {
      this.#sink.append(topic, -1, key, value, timestamp, headers)
      if (this.#letters !== undefined) this.#letters.value++
    } catch (error) {
      if (isOversized(error)) throw letterError(topic, place, error)
      throw error
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

function copyOf({ key, value }: SourceBytes): SourceBytes {
  return { key: key && Buffer.from(key), value: value && Buffer.from(value) }
}

/** An error of a sink that is the record's own fault. */
export function isOversized(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'MILLRACE_RECORD_TOO_LARGE'
}

function letterError(topic: string, place: TaskErrorPlace, cause: Error): TaskError {
  return new TaskError(
    'MILLRACE_DEAD_LETTER_FAILED',
    place,
    `its dead letter cannot be written to topic ${topic}: ${cause.message}`,
    { cause },
  )
}

function letterHeaders(
  cause: Error,
  { topic, partition, offset }: Pick<RecordContext, 'topic' | 'partition' | 'offset'>,
): Header[] {
  return [
    textHeader(letterHeader.exception, cause.name),
    textHeader(letterHeader.message, cause.message.slice(0, messageMaxLength)),
    textHeader(letterHeader.stacktrace, (cause.stack ?? '').slice(0, stackMaxLength)),
    textHeader(letterHeader.topic, topic),
    textHeader(letterHeader.partition, String(partition)),
    textHeader(letterHeader.offset, String(offset)),
  ]
}

/** What Java's letters lack: with it letters can be grouped by what has to be corrected. */
function ownHeaders(cause: Error, { node, code }: Failure): Header[] {
  return [
    textHeader(letterHeader.node, node),
    textHeader(letterHeader.code, cause instanceof StreamsError ? cause.code : code),
  ]
}

function textHeader(name: string, text: string | null): Header {
  return [name, text === null ? null : Buffer.from(text)]
}
