import { StreamsError, type StreamsErrorOptions } from './streams-error.ts'

export const cliErrors = {
  MILLRACE_MODULE_NOT_FOUND: 'the file of a topology module does not exist',
  MILLRACE_MODULE_INVALID: 'a module does not load, or its default export is not a topology module',
  MILLRACE_NO_BROKERS: 'no brokers were given',
  MILLRACE_TOPIC_UNKNOWN: 'a command names a topic that does not exist',
  MILLRACE_INPUT_INVALID: 'a line or a record does not fit the serde that a command was given for it',
  MILLRACE_USAGE: 'a command was called with arguments that it does not have',
} as const

export class CliError extends StreamsError {
  declare readonly code: keyof typeof cliErrors

  constructor(code: keyof typeof cliErrors, message: string, options?: StreamsErrorOptions) {
    super(code, message, options)
  }
}
