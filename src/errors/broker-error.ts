import { StreamsError, type StreamsErrorOptions } from './streams-error.ts'

/** Faults of the embedded broker towards whoever runs it; clients get Kafka's error codes. */
export const brokerErrors = {
  MILLRACE_BROKER_CONNECTION_CLOSED: 'a connection to the embedded broker ended, or was refused, before the answer',
  MILLRACE_BROKER_LIMIT: 'the embedded broker reached one of its bounds',
  MILLRACE_BROKER_LISTEN: 'the embedded broker cannot listen on the address',
  MILLRACE_BROKER_CONTROL: 'a test control names something that the embedded broker does not have',
} as const

export class BrokerError extends StreamsError {
  declare readonly code: keyof typeof brokerErrors

  constructor(code: keyof typeof brokerErrors, message: string, options?: StreamsErrorOptions) {
    super(code, message, options)
  }
}
