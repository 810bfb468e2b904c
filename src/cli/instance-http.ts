/**
 * Asks the status servers of running instances. Where they are is what members of the group say, and what answers there may
 * be anything: an address is a host and a port and nothing else, an answer is never waited for long nor read beyond a
 * limit, no redirect is followed, and a document has the form that was expected or is none.
 */
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { parseHttpAddress } from '../common/http-address.ts'
import type { HttpAddress } from '../common/http-address.ts'
import { isDeeperThan } from './values.ts'

/** A status of ten thousand tasks has a tenth of it. */
const answerMaxBytes = 1024 * 1024
const depthMax = 32

export interface AskOptions {
  /** Sent as a bearer token. */
  readonly token: string | undefined
  readonly timeoutMs: number
}

/** The document, or a problem in a few words. */
export type Answer<T> = { readonly document: T } | { readonly problem: string }

/** `address` is host:port; `isExpected` says whether a document is what the path gives. Never rejects. */
export async function askInstance<T extends object>(
  address: string,
  path: string,
  isExpected: (document: unknown) => document is T,
  options: AskOptions,
): Promise<Answer<T>> {
  const parsed = parseHttpAddress(address)
  if (parsed === undefined || parsed.port === 0) return { problem: 'its address is not host:port' }
  try {
    const { statusCode = 0, body } = await request(parsed, path, options)
    if (statusCode === 401 || statusCode === 403) return { problem: tokenProblem(options.token) }
    if (statusCode !== 200) return { problem: `it answers ${statusCode}` }
    const document = parsedJson(body)
    if (!isExpected(document) || isDeeperThan(document, depthMax))
      return { problem: 'its answer is not of this version of millrace' }
    return { document }
  } catch (error) {
    return { problem: problemOf(error as NodeJS.ErrnoException) }
  }
}

function request(
  { host, port }: HttpAddress,
  path: string,
  { token, timeoutMs }: AskOptions,
): Promise<{ readonly statusCode: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }) }
    const signal = AbortSignal.timeout(timeoutMs)
    // No agent: a kept connection would keep the process.
    const asked = get({ host, port, path, headers, signal, agent: false }, (response) => {
      bodyOf(response).then((body) => resolve({ statusCode: response.statusCode, body }), reject)
    })
    asked.on('error', reject)
  })
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > answerMaxBytes) throw new Error('its answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Undefined for what is no JSON: words about that would repeat it. */
function parsedJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function tokenProblem(token: string | undefined): string {
  return token === undefined
    ? 'it wants a token: set httpToken (MILLRACE_HTTP_TOKEN, or MILLRACE_HTTP_TOKEN_FILE)'
    : 'it refuses the token'
}

function problemOf({ name, code, message }: NodeJS.ErrnoException): string {
  if (name === 'TimeoutError' || name === 'AbortError') return 'it does not answer in time'
  if (code === 'ECONNREFUSED') return 'nothing listens there'
  return code === undefined ? message : `${code}: ${message}`
}
