import type { Headers } from '../common/headers.ts'
import { isTopicName } from '../common/topic-name.ts'

/**
 * What to do about a record that failed. `skip` goes on with the next record; `{ deadLetter }` writes the raw source key
 * and value with the original headers and `__streams.errors.*` (KIP-1034) to that topic and goes on; `fail` stops the
 * task before the record; `retry` (only from a function) tries it again.
 */
export type ErrorPolicy = ErrorAction | ((error: Error, at: FailedRecord) => ErrorAction | 'retry')

export type ErrorAction =
  | 'fail'
  | 'skip'
  | {
      readonly deadLetter:
        | string
        | {
            readonly topic: string
            readonly key?: Uint8Array | null
            readonly value?: Uint8Array | null
            readonly timestamp?: number
            readonly headers?: Headers
          }
    }

/** What a policy is to be, for an error about one that is not. */
export const errorPolicyForm = "'fail', 'skip', { deadLetter: topic } or a function"

export function isErrorPolicy(value: unknown): value is ErrorPolicy {
  if (value === 'fail' || value === 'skip' || typeof value === 'function') return true
  if (typeof value !== 'object' || value === null || !('deadLetter' in value)) return false
  const { deadLetter } = value
  const topic =
    typeof deadLetter === 'object' && deadLetter !== null && 'topic' in deadLetter ? deadLetter.topic : deadLetter
  return typeof topic === 'string' && isTopicName(topic)
}

/** The topic that a policy names; a function names its own only when it is asked. */
export function deadLetterTopicOf(policy: ErrorPolicy | undefined): string | undefined {
  if (typeof policy !== 'object') return undefined
  const { deadLetter } = policy
  return typeof deadLetter === 'string' ? deadLetter : deadLetter.topic
}

/** Where it failed; topic null and partition and offset -1 in a punctuator. */
export interface FailedRecord {
  readonly kind: 'deserialization' | 'processing' | 'production'
  readonly node: string
  readonly taskId: string
  readonly topic: string | null
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly headers: Headers
  readonly key: unknown
  readonly value: unknown
  readonly rawKey: Uint8Array | null
  readonly rawValue: Uint8Array | null
}
