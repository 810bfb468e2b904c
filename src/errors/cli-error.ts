import { StreamsError, type StreamsErrorOptions } from './streams-error.ts'

export const cliErrors = {
  MILLRACE_MODULE_NOT_FOUND: 'the file of a topology module does not exist',
  MILLRACE_MODULE_INVALID: 'a module does not load, or its default export is not a topology module',
  MILLRACE_NO_BROKERS: 'no brokers were given',
  MILLRACE_CONFIG_FILE:
    'a configuration file is missing, is not what it should be, or names a profile that it does not have',
  MILLRACE_CONFIRMATION: 'a command that changes something was not confirmed',
  MILLRACE_CHECK_FAILED: 'a command that checks something found what it looks for',
  MILLRACE_DIFFERENT: 'a command that compares found differences',
  MILLRACE_PRECONDITION: 'a command cannot do its work in the state that the cluster, the group or the disk is in',
  MILLRACE_PARTIAL: 'a command did a part of its work; it says what remains',
  MILLRACE_INSTANCE_UNREACHABLE: 'no status server of the instances that were named answers',
  MILLRACE_COMMAND_TIMEOUT: 'a command did not end within its --timeout',
  MILLRACE_TOPIC_UNKNOWN: 'a command names a topic that does not exist',
  MILLRACE_INPUT_INVALID: 'a line or a record does not fit the serde that a command was given for it',
  MILLRACE_UNEXPECTED: 'a command failed with an error that is none of the codes',
  MILLRACE_USAGE: 'a command was called with arguments that it does not have',
} as const

export class CliError extends StreamsError {
  declare readonly code: keyof typeof cliErrors

  constructor(code: keyof typeof cliErrors, message: string, options?: StreamsErrorOptions) {
    super(code, message, options)
  }
}
