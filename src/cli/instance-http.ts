/** Asks the status servers of running instances. An answer is never waited for long, and never read beyond a limit. */
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'

const answerMaxBytes = 16 * 1024 * 1024

export interface AskOptions {
  /** Sent as a bearer token. */
  readonly token: string | undefined
  readonly timeoutMs: number
}

/** The document, or a problem in a few words. */
export type Answer<T> = { readonly document: T } | { readonly problem: string }

/** `address` is host:port. Never rejects. */
export async function askInstance<T>(address: string, path: string, options: AskOptions): Promise<Answer<T>> {
  try {
    const { statusCode = 0, body } = await request(`http://${address}${path}`, options)
    if (statusCode === 401 || statusCode === 403) return { problem: tokenProblem(options.token) }
    if (statusCode !== 200) return { problem: `it answers ${statusCode}` }
    return { document: JSON.parse(body) as T }
  } catch (error) {
    return { problem: problemOf(error as NodeJS.ErrnoException) }
  }
}

function request(
  url: string,
  { token, timeoutMs }: AskOptions,
): Promise<{ readonly statusCode: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }) }
    const signal = AbortSignal.timeout(timeoutMs)
    // No agent: a kept connection would keep the process.
    const asked = get(url, { headers, signal, agent: false }, (response) => {
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
