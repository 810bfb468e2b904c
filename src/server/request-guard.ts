/**
 * What a request must be before anything is looked up for it. It is the one place that decides who may see what:
 *
 * - Only GET and HEAD, without a body, for a path as it stands in the table: nothing is decoded or normalised, so there is
 *   nothing to trick.
 * - With a token configured everything but the probes needs it.
 * - Without one, which the configuration allows on addresses of this machine only, Host must be this machine's: a page in
 *   somebody's browser whose name resolves to 127.0.0.1 (DNS rebinding) sends another one.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isLoopback } from '../common/http-address.ts'
import { routes, type Route } from './routes.ts'

export interface GuardOptions {
  readonly token: string | undefined
}

export interface Refusal {
  readonly status: number
  /** For a machine; the document has nothing else. */
  readonly error: string
  readonly headers?: Readonly<Record<string, string>>
  /** The connection is of no more use: what follows on it may be the rest of a body. */
  readonly closes?: boolean
}

export interface Admitted {
  readonly route: Route
  /** Whether details may be told. */
  readonly isTrusted: boolean
}

const targetMaxLength = 1024

/** `request` is only read. */
export function admit(request: IncomingMessage, options: GuardOptions): Admitted | Refusal {
  const { method = '', url = '' } = request
  if (method !== 'GET' && method !== 'HEAD') {
    return { status: 405, error: 'method not allowed', headers: { allow: 'GET, HEAD' }, closes: true }
  }
  if (hasBody(request)) return { status: 413, error: 'a body is not taken', closes: true }
  if (url.length > targetMaxLength) return { status: 414, error: 'the target is too long', closes: true }
  const path = pathOf(url)
  if (path === undefined) return { status: 400, error: 'the target is not a plain path' }
  const isTrusted = hasTrust(request, options)
  const route = routes.get(path)
  if (isTrusted !== true && route?.isProbe !== true) return isTrusted
  if (route === undefined) return { status: 404, error: 'not found' }
  return { route, isTrusted: isTrusted === true }
}

/** Undefined for anything but a plain path, with or without a query: absolute forms, `//`, `..`, encoded parts. */
function pathOf(target: string): string | undefined {
  const path = target.split('?', 1)[0] ?? ''
  return /^(?:\/[A-Za-z0-9_-]+)+$|^\/$/.test(path) ? path : undefined
}

/** True, or why not. */
function hasTrust(request: IncomingMessage, { token }: GuardOptions): true | Refusal {
  if (token !== undefined) {
    if (isToken(request.headers.authorization, token)) return true
    return {
      status: 401,
      error: 'a bearer token is needed',
      headers: { 'www-authenticate': 'Bearer realm="millrace"' },
    }
  }
  const hosts = valuesOf(request, 'host')
  const named = hosts.length === 1 ? nameOf(hosts[0] ?? '') : undefined
  if (named !== undefined && isLoopback(named)) return true
  return { status: 403, error: 'the Host header names another machine' }
}

/** In the same time whatever is given, since hashes are compared and those are of one length. */
function isToken(header: string | undefined, token: string): boolean {
  const [, given] = /^Bearer +([\x21-\x7e]+)$/i.exec(header ?? '') ?? []
  const isEqual = timingSafeEqual(digest(given ?? ''), digest(token))
  return given !== undefined && isEqual
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Without port and brackets. */
function nameOf(host: string): string | undefined {
  const [, inBrackets, plain] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host) ?? []
  return inBrackets ?? plain
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0
}

/** Node keeps the first of several. */
function valuesOf({ rawHeaders }: IncomingMessage, name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name)
}
