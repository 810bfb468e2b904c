import { StreamsError, type StreamsErrorOptions } from './streams-error.ts'

export const configErrors = {
  MILLRACE_CONFIG_UNKNOWN_KEY: 'the configuration has a key that does not exist',
  MILLRACE_CONFIG_INVALID_VALUE: 'a configuration value has the wrong type or is out of its range',
  MILLRACE_CONFIG_MISSING: 'a configuration value that has no default is missing',
  MILLRACE_CONFIG_UNAVAILABLE: 'a configuration value asks for something that this version does not have',
  MILLRACE_CONFIG_CONFLICT: 'two configuration values do not fit together',
} as const

export class ConfigError extends StreamsError {
  declare readonly code: keyof typeof configErrors
  /** The key that is wrong. */
  readonly key: string

  constructor(code: keyof typeof configErrors, key: string, message: string, options?: StreamsErrorOptions) {
    super(code, message, options)
    this.key = key
  }
}
