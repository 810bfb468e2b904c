import { describe, expect, it } from 'vitest'
import { nearest } from '../../../src/common/nearest.ts'

const keys = ['commitIntervalMs', 'cacheMaxBytes', 'threads']

describe('nearest', () => {
  it('finds the word that a misspelt one was meant to be', () => {
    expect(nearest('comitIntervalMs', keys)).toBe('commitIntervalMs')
    expect(nearest('CACHEMAXBYTE', keys)).toBe('cacheMaxBytes')
    expect(nearest('thread', keys)).toBe('threads')
  })

  it('finds nothing where more than a third differs', () => {
    expect(nearest('compression', keys)).toBeUndefined()
    expect(nearest('x', [])).toBeUndefined()
  })

  it('takes the first of equally near ones', () => {
    expect(nearest('ab', ['abc', 'abd'])).toBe('abc')
  })
})
