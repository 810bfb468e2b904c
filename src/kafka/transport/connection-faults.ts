/** One place for the words about broken connections: what happened, and what to check. */
import { TransportError } from '../../errors/kafka-error.ts'
import type { Endpoint } from './transport.ts'

/** A connection as its errors name it. */
export interface Lane extends Endpoint {
  readonly lane: string
}

export function addressOf({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

export function requestTimedOut(lane: Lane, apiKey: number, timeoutMs: number): TransportError {
  const broker = addressOf(lane)
  return new TransportError(
    'MILLRACE_REQUEST_TIMEOUT',
    `${broker} (${lane.lane}) did not answer a request with api key ${apiKey} within ${timeoutMs} ms; ` +
      'the connection was closed. The broker is overloaded, paused, or the network drops packets.',
    { broker },
  )
}

export function closedHere(lane: Lane): TransportError {
  const broker = addressOf(lane)
  return new TransportError('MILLRACE_CONNECTION_CLOSED', `The connection to ${broker} (${lane.lane}) was closed.`, {
    broker,
  })
}

export function lost(lane: Lane, cause: unknown): TransportError {
  const broker = addressOf(lane)
  return new TransportError(
    'MILLRACE_CONNECTION_LOST',
    `${broker} ended the connection (${lane.lane}): ${messageOf(cause)}`,
    { broker, cause },
  )
}

/** The broker hung up at the very first request: with sockets alone nothing more can be known. */
export function lostAtFirstRequest(lane: Lane, tls: boolean, cause: unknown): TransportError {
  const broker = addressOf(lane)
  const advice = tls
    ? 'It may not be a TLS listener, or it refused the client certificate (`ssl`).'
    : 'It may be a TLS listener (set `ssl`), or not a Kafka broker.'
  return new TransportError(
    'MILLRACE_CONNECTION_LOST',
    `${broker} accepted the connection and closed it before it answered anything. ${advice} (${messageOf(cause)})`,
    { broker, cause },
  )
}

/** The broker told its versions and hung up at the next request, as a SASL listener does when nobody authenticates. */
export function lostAfterVersions(lane: Lane, cause: unknown): TransportError {
  const broker = addressOf(lane)
  return new TransportError(
    'MILLRACE_CONNECTION_LOST',
    `${broker} told its versions and then closed the connection. If this listener asks for SASL, set \`sasl\`; ` +
      `otherwise it was shutting down. (${messageOf(cause)})`,
    { broker, cause },
  )
}

export function notKafka(lane: Lane, first: Buffer): TransportError {
  const broker = addressOf(lane)
  if (first[0] === 0x15 && first[1] === 0x03) {
    return new TransportError(
      'MILLRACE_TLS_FAILED',
      `${broker} answered with a TLS alert: it is a TLS listener. Set \`ssl\`, or use the plain listener's port.`,
      { broker },
    )
  }
  const shown = JSON.stringify(first.subarray(0, 24).toString('latin1'))
  return new TransportError(
    'MILLRACE_NOT_KAFKA',
    `What listens at ${broker} is not a Kafka broker: its answer begins with ${shown}. Check host and port.`,
    { broker },
  )
}

const unreachableCodes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there. Is the broker running, is the port right?',
  ENOTFOUND: 'the name does not resolve. Check the host; behind Docker, check advertised.listeners.',
  EAI_AGAIN: 'the name does not resolve at the moment (DNS).',
  EHOSTUNREACH: 'there is no route to the host.',
  ENETUNREACH: 'there is no route to the network.',
}

/** `error` is what connecting (TCP, then TLS) ended in. */
export function connectFailed(lane: Lane, tls: boolean, error: unknown): TransportError {
  const broker = addressOf(lane)
  const code = codeOf(error)
  const why = unreachableCodes[code]
  if (why !== undefined) {
    return new TransportError('MILLRACE_CONNECTION_REFUSED', `Cannot connect to ${broker}: ${why} (${code})`, {
      broker,
      cause: error,
    })
  }
  if (code === 'ETIMEDOUT' || /timeout/i.test(messageOf(error))) return connectTimedOut(lane, error)
  if (!tls) return lost(lane, error)
  return new TransportError(
    'MILLRACE_TLS_FAILED',
    `TLS with ${broker} failed: ${messageOf(error)}. Check \`ssl.ca\`, the host name in the broker's certificate, the ` +
      'client certificate if the broker asks for one, and that the port is a TLS listener at all.',
    { broker, cause: error, ...(tlsMayPass(code) ? { reaction: 'retriable' as const } : {}) },
  )
}

/** A broker in this process that is stopped: as if nothing listened there. */
export function refusedInProcess(lane: Lane, cause: unknown): TransportError {
  const broker = addressOf(lane)
  return new TransportError('MILLRACE_CONNECTION_REFUSED', `Cannot connect to ${broker}: ${messageOf(cause)}`, {
    broker,
    cause,
  })
}

/** A reset in the middle of the handshake is also what a broker that is being killed looks like. */
function tlsMayPass(code: string): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE'
}

export function connectTimedOut(lane: Lane, cause: unknown): TransportError {
  const broker = addressOf(lane)
  return new TransportError(
    'MILLRACE_CONNECTION_TIMEOUT',
    `${broker} did not accept the connection (${lane.lane}) in time. Is the host right, is a firewall in between?`,
    { broker, cause },
  )
}

export function saslFailed(lane: Lane, mechanism: string, cause: unknown): TransportError {
  const broker = addressOf(lane)
  return new TransportError(
    'MILLRACE_SASL_FAILED',
    `${broker} refused SASL ${mechanism}: ${messageOf(cause)}. Check the mechanism, the user name and the password, and that the port is a SASL listener at all.`,
    { broker, cause },
  )
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
