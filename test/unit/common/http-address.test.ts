import { describe, expect, it } from 'vitest'
import { isLoopback, parseHttpAddress } from '../../../src/common/http-address.ts'

describe('parseHttpAddress', () => {
  it.each([
    ['127.0.0.1:8080', '127.0.0.1', 8080],
    ['localhost:0', 'localhost', 0],
    ['[::1]:80', '::1', 80],
    ['[::]:65535', '::', 65_535],
    ['my-host.example:1', 'my-host.example', 1],
  ])('reads %s', (text, host, port) => {
    expect(parseHttpAddress(text)).toEqual({ host, port })
  })

  it.each([
    '8080',
    ':8080',
    'host',
    'host:',
    'host:65536',
    'host:-1',
    '::1:80',
    '[host]:80',
    '[::1]',
    'a b:1',
    'http://h:1',
    'h:1/x',
  ])('refuses %s', (text) => {
    expect(parseHttpAddress(text)).toBeUndefined()
  })
})

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.9.9.9', 'localhost', 'LocalHost', '::1'])('%s is', (host) => {
    expect(isLoopback(host)).toBe(true)
  })

  it.each(['0.0.0.0', '::', '10.0.0.1', 'example.org', '127.0.0.1.example.org', '::ffff:10.0.0.1'])(
    '%s is not',
    (host) => {
      expect(isLoopback(host)).toBe(false)
    },
  )
})
