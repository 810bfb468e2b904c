/** `host:port` of an address to listen on, and whether only this machine can reach it. */
import { isIP } from 'node:net'

export interface HttpAddress {
  /** Without brackets. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
}

/** Undefined where the text is no `host:port`; an IPv6 host stands in brackets. */
export function parseHttpAddress(text: string): HttpAddress | undefined {
  const [, inBrackets, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const host = inBrackets ?? plain
  const port = Number(digits)
  if (host === undefined || port > 65_535) return undefined
  if (inBrackets !== undefined && isIP(inBrackets) !== 6) return undefined
  return inBrackets !== undefined || isIP(host) === 4 || /^[A-Za-z0-9._-]{1,253}$/.test(host)
    ? { host, port }
    : undefined
}

/** A name that resolves to an address of this machine only, or such an address. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}
