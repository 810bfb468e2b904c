import { StreamsError, type StreamsErrorOptions } from './streams-error.ts'

export const stateErrors = {
  MILLRACE_STORE_SERDE: 'a key or value does not fit the serde of its store',
  MILLRACE_STORE_UNREADABLE: 'what a store holds cannot be read with the serdes it has now',
  MILLRACE_STORE_NULL_KEY: 'a store was given null as a key',
  MILLRACE_STORE_OPTIONS: 'the options of a store do not fit together or are not supported',
  MILLRACE_STORE_READ_ONLY: 'a global store was written to by another processor than its own',
  MILLRACE_BUFFER_FULL: 'suppress holds back more than it was allowed to, and must not emit early',
  MILLRACE_ITERATOR_EXPIRED: 'an iterator of a store was used after the record that opened it',
} as const

/** What goes wrong in a store. The task adds which record was being processed. */
export class StateError extends StreamsError {
  declare readonly code: keyof typeof stateErrors
  readonly storeName: string

  constructor(code: keyof typeof stateErrors, storeName: string, message: string, options: StreamsErrorOptions = {}) {
    super(code, message, options)
    this.storeName = storeName
  }
}

export const stateDirectoryErrors = {
  MILLRACE_STATE_DIR_UNUSABLE: 'the directory for local state cannot be made, read or written',
  MILLRACE_STATE_DIR_NO_LOCKS: 'the directory for local state cannot be locked where it is',
  MILLRACE_STATE_DIR_CROWDED: 'every slot of the directory for local state is held by another process',
  MILLRACE_STATE_SLOT_LOST: 'a process no longer holds the slot of the state directory that it works in',
} as const

/** What goes wrong with the place on disk that an instance holds, before any store is involved. */
export class StateDirectoryError extends StreamsError {
  declare readonly code: keyof typeof stateDirectoryErrors
  readonly directory: string

  constructor(
    code: keyof typeof stateDirectoryErrors,
    directory: string,
    message: string,
    options: StreamsErrorOptions = {},
  ) {
    super(code, message, options)
    this.directory = directory
  }
}
