/** Secrets out of what is shown: configuration, logs, errors. Keys decide, at any depth; what is under them is not looked at. */

const secretKey =
  /^(?:key|pfx|authorization|cookie|credentials|jaas|oauthBearerProvider|authenticationProvider)$|(?:password|passphrase|secret|token|accessKey)$|^secret/i

const depthMax = 8
export const redacted = '(redacted)'

/** Whether a value under this key is a secret. */
export function isSecretKey(key: string): boolean {
  return secretKey.test(key)
}

/** A copy in which every secret is `(redacted)`; `user:password@` in addresses, too. Undefined stays undefined. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return withoutUserInfo(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= depthMax) return '…'
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      isSecretKey(key) && item !== undefined ? redacted : redact(item, depth + 1),
    ]),
  )
}

function withoutUserInfo(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]{1,20}:\/\/)[^/@\s]{1,500}@/gi, `$1${redacted}@`)
}
