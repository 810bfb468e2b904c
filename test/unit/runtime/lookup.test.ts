import { describe, expect, it } from 'vitest'
import { deferred } from '../../../src/common/deferred.ts'
import { Lookup } from '../../../src/runtime/lookup.ts'

describe('Lookup', () => {
  it('has no answer until there is one, and says when', async () => {
    const question = deferred<number | undefined>()
    const settled = deferred()
    const lookup = new Lookup(question.promise, settled.resolve)
    expect(lookup.take()).toBeUndefined()
    question.resolve(undefined)
    await settled.promise
    expect(lookup.take()).toEqual({ value: undefined })
  })

  it('throws what the question failed with when it is asked for', async () => {
    const settled = deferred()
    const lookup = new Lookup(Promise.reject(new Error('no leader')), settled.resolve)
    await settled.promise
    expect(() => lookup.take()).toThrow('no leader')
  })
})
