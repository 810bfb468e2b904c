import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redact, redacted } from '../../../src/common/redact.ts'

const secret = 'hunter2-hunter2-hunter2'

describe('What is redacted', () => {
  it.each([
    'password',
    'PASSWORD',
    'sslKeystorePassword',
    'passwd',
    'passphrase',
    'httpToken',
    'access_token',
    'tokens',
    'clientSecret',
    'secretAccessKey',
    'apiKey',
    'x-api-key',
    'api_key',
    'private_key',
    'privateKey',
    'Authorization',
    'cookie',
    'key',
    'pfx',
    'oauthBearerProvider',
    'authenticationProvider',
    'jaas',
    'credentials',
    'set-cookie',
  ])('is what stands under %s, at any depth and in any form', (name) => {
    for (const value of [secret, [secret], { inner: secret }, new Map([['inner', secret]])]) {
      expect(JSON.stringify(redact({ a: [{ [name]: value }] }))).toBe(`{"a":[{"${name}":"${redacted}"}]}`)
    }
  })

  it.each([
    ['a key that is misspelt', { sasl: { mechanism: 'plain', username: 'me', pasword: secret } }],
    ['text in place of credentials', { sasl: `plain:me:${secret}` }],
    ['text in place of TLS', { kafka: { ssl: secret } }],
    ['an object below credentials', { sasl: { mechanism: 'plain', oauth: { value: secret } } }],
    ['an address', { url: `https://me:${secret}@registry:8081/subjects` }],
    ['an API key in a query', { url: `https://registry/?api_key=${secret}` }],
    ['a query', { url: `https://registry/?a=1&token=${secret}&b=2` }],
    ['a line of JAAS', { config: `PlainLoginModule required username="me" password="${secret}";` }],
    ['a header in a message', { message: `sent Authorization: Bearer ${secret}` }],
    ['an error', new Error(`refused: https://me:${secret}@host`, { cause: { token: secret } })],
  ])('is %s', (_, value) => {
    expect(JSON.stringify(redact(value))).not.toContain('hunter2')
  })

  it('is nothing that a person needs', () => {
    const value = {
      sasl: { mechanism: 'plain', username: 'me' },
      ssl: { ca: ['PEM'], rejectUnauthorized: true },
      keySerde: 'json',
      primaryKeys: 3,
      advice: 'a bearer token is needed',
      message: 'the token is wrong; set httpToken (MILLRACE_HTTP_TOKEN), or a password: see docs',
      url: 'https://registry:8081/subjects/a@b',
    }
    expect(redact(value)).toEqual(value)
  })

  it('has no JSON where a function is', () => {
    expect(redact(() => secret)).toBeUndefined()
    expect(redact([() => secret])).toEqual([undefined])
  })

  it('says that something was there', () => {
    expect(redact('kafka://me:hunter2@host:9092')).toBe(`kafka://${redacted}@host:9092`)
    expect(redact('Authorization: Bearer 0123456789abcdef')).toBe(`Authorization: Bearer ${redacted}`)
  })

  it('is bounded: eight levels, a thousand items', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 'the end' : { a: nested(levels - 1) })
    expect(JSON.stringify(redact(nested(8)))).toContain('the end')
    expect(JSON.stringify(redact(nested(9)))).toMatch(/^(?:\{"a":){8}"…"\}{8}$/)
    const many = Array.from({ length: 1001 }, (_, index) => index)
    expect(redact(many)).toHaveLength(1000)
    expect(redact(new Set(many))).toHaveLength(1000)
    expect(Object.keys(redact(Object.fromEntries(many.map((index) => [`k${index}`, index]))) as object)).toHaveLength(
      1000,
    )
  })

  it('takes no longer than the text is', () => {
    // With time that grows as the square of the length, one of these would take longer than a test may.
    for (const text of ['a', 'a://', 'password="', "token='", 'bearer ', 'a:// a@', 'password=']) {
      expect(redact(text.repeat(300_000))).toEqual(expect.any(String))
    }
  })

  it('is said to be unreadable, instead of throwing', () => {
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const getter = Object.defineProperty({}, 'at', { enumerable: true, get: () => expect.unreachable() })
    const noTime: unknown = Object.create(Date.prototype)
    const noText = new Map([[Object.create(null), 1]])
    for (const value of [revoked.proxy, getter, noTime, noText]) {
      expect(redact({ value, next: 1 })).toEqual({ value: '(unreadable)', next: 1 })
    }
    const error = Object.assign(new Error('a'), { message: 5, name: { first: 'b' }, stack: ['c'], password: secret })
    expect(redact(error)).toMatchObject({ message: 5, type: { first: 'b' }, stack: ['c'], password: redacted })
  })

  it('never throws, and always has a JSON', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withMap: true, withSet: true, withTypedArray: true }), (value) => {
        expect(() => JSON.stringify(redact({ value }))).not.toThrow()
      }),
    )
  })
})
