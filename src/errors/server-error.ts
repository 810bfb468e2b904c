import { StreamsError, type StreamsErrorOptions } from './streams-error.ts'

export const serverErrors = {
  MILLRACE_HTTP_ADDRESS: 'the HTTP server cannot listen on the address that was configured',
} as const

/** What goes wrong with the HTTP server of an instance. */
export class ServerError extends StreamsError {
  /** As configured: `127.0.0.1:8080`. */
  readonly address: string

  constructor(code: keyof typeof serverErrors, address: string, message: string, options?: StreamsErrorOptions) {
    super(code, message, options)
    this.address = address
  }
}
