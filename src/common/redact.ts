/** Secrets out of what is shown: configuration, logs, errors. Keys decide, at any depth; what is under them is not looked at. */

const secretKey =
  /^(?:key|pfx|authorization|proxy-authorization|cookie|set-cookie|credentials|jaas|oauthBearerProvider|authenticationProvider)$|(?:password|passphrase|secret|token|accessKey)$|^secret/i

const depthMax = 8
const itemsMax = 1000
export const redacted = '(redacted)'

/** Whether a value under this key is a secret. */
export function isSecretKey(key: string): boolean {
  return secretKey.test(key)
}

/**
 * A copy for JSON in which every secret is `(redacted)`; `user:password@` in addresses, too. Errors become type, message,
 * stack, their facts and cause, bytes their number. Undefined stays undefined, and so become functions.
 */
export function redact(value: unknown): unknown {
  return copy(value, 0, [])
}

function copy(value: unknown, depth: number, parents: readonly object[]): unknown {
  if (typeof value === 'string') return withoutUserInfo(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (depth >= depthMax) return '…'
  if (parents.includes(value)) return '(circular)'
  const within = [...parents, value]
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `(${value.byteLength} bytes)`
  if (value instanceof Error) return copyError(value, depth, within)
  if (value instanceof Map)
    return copyEntries(
      [...value].map(([key, item]) => [String(key), item]),
      depth,
      within,
    )
  if (Array.isArray(value) || value instanceof Set) {
    return [...(value as Iterable<unknown>)].slice(0, itemsMax).map((item) => copy(item, depth + 1, within))
  }
  return copyEntries(Object.entries(value), depth, within)
}

function copyEntries(entries: readonly [string, unknown][], depth: number, parents: readonly object[]): object {
  return Object.fromEntries(
    entries
      .slice(0, itemsMax)
      .map(([key, item]) => [key, isSecretKey(key) && item !== undefined ? redacted : copy(item, depth + 1, parents)]),
  )
}

/** As pino has it. */
function copyError(error: Error, depth: number, parents: readonly object[]): object {
  const { name, message, stack, cause } = error
  return {
    type: name,
    message: withoutUserInfo(message),
    stack: stack === undefined ? undefined : withoutUserInfo(stack),
    ...copyEntries(Object.entries(error), depth, parents),
    cause: copy(cause, depth + 1, parents),
  }
}

function withoutUserInfo(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]{1,20}:\/\/)[^/@\s]{1,500}@/gi, `$1${redacted}@`)
}
