import { StreamsError, type StreamsErrorOptions } from './streams-error.ts'

export const stateErrors = {
  MILLRACE_STORE_SERDE: 'a key or value does not fit the serde of its store',
  MILLRACE_STORE_NULL_KEY: 'a store was given null as a key',
  MILLRACE_STORE_OPTIONS: 'the options of a store do not fit together or are not supported',
  MILLRACE_ITERATOR_EXPIRED: 'an iterator of a store was used after the record that opened it',
} as const

/** What goes wrong in a store. The task adds which record was being processed. */
export class StateError extends StreamsError {
  readonly storeName: string

  constructor(code: keyof typeof stateErrors, storeName: string, message: string, options: StreamsErrorOptions = {}) {
    super(code, message, options)
    this.storeName = storeName
  }
}
