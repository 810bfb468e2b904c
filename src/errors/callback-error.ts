import { StreamsError } from './streams-error.ts'

export const callbackErrors = {
  MILLRACE_CALLBACK_RETURNED_PROMISE: 'a synchronous callback returned a promise',
  MILLRACE_CALLBACK_RESULT_INVALID: 'a callback returned something that its operator cannot use',
} as const

/** What a user's callback returned cannot be used. */
export class CallbackError extends StreamsError {
  declare readonly code: keyof typeof callbackErrors
  readonly node: string

  constructor(code: keyof typeof callbackErrors, node: string, message: string) {
    super(code, message)
    this.node = node
  }
}
