/**
 * Secrets out of what is shown: configuration, logs, errors. Keys decide, at any depth; what is under them is not looked at.
 * Of credentials for Kafka only what is known to be harmless is shown: a misspelt `pasword` is still one.
 */

const secretKey =
  /^(?:key|pfx|authorization|proxy-authorization|cookie|set-cookie|credentials|jaas|oauthBearerProvider|authenticationProvider)$|(?:password|passwd|passphrase|secret|token|(?:access|api|private|signing)[-_]?key)s?$|^secret/i

/** Under `sasl`; everything else there is a secret, and so is a `sasl` or an `ssl` that is text. */
const harmlessCredentials: ReadonlySet<string> = new Set(['mechanism', 'username'])

const depthMax = 8
const itemsMax = 1000
export const redacted = '(redacted)'

/** Whether a value under this key is a secret. */
export function isSecretKey(key: string): boolean {
  return secretKey.test(key)
}

/**
 * A copy for JSON in which every secret is `(redacted)`; `user:password@` in addresses, too. Errors become type, message,
 * stack, their facts and cause, bytes their number. Undefined stays undefined, and so become functions. Never throws.
 */
export function redact(value: unknown): unknown {
  return copy(value, 0, [])
}

function copy(value: unknown, depth: number, parents: readonly object[]): unknown {
  if (typeof value === 'string') return withoutSecrets(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value !== 'object' || value === null) return value
  if (depth >= depthMax) return '…'
  if (parents.includes(value)) return '(circular)'
  try {
    return copyObject(value, depth, [...parents, value])
  } catch {
    // A getter that throws, a key without a text, a revoked proxy: who logs it must not fail for it.
    return '(unreadable)'
  }
}

function copyObject(value: object, depth: number, within: readonly object[]): unknown {
  if (value instanceof Date) return new Date(value.getTime())
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `(${value.byteLength} bytes)`
  if (value instanceof Error) return copyError(value, depth, within)
  if (value instanceof Map) return copyEntries([...value].map(withTextKey), depth, within)
  if (Array.isArray(value) || value instanceof Set) {
    return [...(value as Iterable<unknown>)].slice(0, itemsMax).map((item) => copy(item, depth + 1, within))
  }
  return copyEntries(Object.entries(value), depth, within)
}

function withTextKey([key, item]: [unknown, unknown]): [string, unknown] {
  return [String(key), item]
}

function copyEntries(entries: readonly [string, unknown][], depth: number, parents: readonly object[]): object {
  return Object.fromEntries(entries.slice(0, itemsMax).map(([key, item]) => [key, copyItem(key, item, depth, parents)]))
}

function copyItem(key: string, item: unknown, depth: number, parents: readonly object[]): unknown {
  if (item === undefined) return undefined
  if (isSecretKey(key)) return redacted
  if ((key === 'sasl' || key === 'ssl') && typeof item === 'string') return redacted
  return copy(key === 'sasl' ? withoutCredentials(item) : item, depth + 1, parents)
}

function withoutCredentials(sasl: unknown): unknown {
  if (typeof sasl !== 'object' || sasl === null) return sasl
  return Object.fromEntries(
    Object.entries(sasl).map(([key, item]) => [key, harmlessCredentials.has(key) ? (item as unknown) : redacted]),
  )
}

/** As pino has it. */
function copyError(error: Error, depth: number, parents: readonly object[]): object {
  const { name, message, stack, cause } = error
  return {
    type: copy(name, depth + 1, parents),
    message: copy(message, depth + 1, parents),
    stack: copy(stack, depth + 1, parents),
    ...copyEntries(Object.entries(error), depth, parents),
    cause: copy(cause, depth + 1, parents),
  }
}

/** `user:password@` of addresses, `password="…"` of JAAS and of queries, bearer tokens. */
function withoutSecrets(text: string): string {
  return text
    .replaceAll(/([a-z][a-z0-9+.-]{1,20}:\/\/)[^/@\s]{1,500}@/gi, `$1${redacted}@`)
    .replaceAll(
      /((?:password|passwd|passphrase|secret|token|api_?key)=)(?:"[^"]{1,500}"?|'[^']{1,500}'?|[^\s"'&;,]{1,500})/gi,
      `$1${redacted}`,
    )
    .replaceAll(/(\bbearer +)[\w.~+/=-]{16,2000}/gi, `$1${redacted}`)
}
