import { describe, expect, it } from 'vitest'
import { errorCodes, errorName, isRetriable, isStaleMetadata } from '../../../../src/kafka/protocol/error-codes.ts'

describe('error codes', () => {
  it('have names, also those of a later Kafka', () => {
    expect(errorName(errorCodes.PRODUCER_FENCED)).toBe('PRODUCER_FENCED')
    expect(errorName(9999)).toBe('UNKNOWN_ERROR_CODE_9999')
  })

  it('tell what may pass by trying again and what asks for new metadata', () => {
    expect(isRetriable(errorCodes.CONCURRENT_TRANSACTIONS)).toBe(true)
    expect(isRetriable(errorCodes.INVALID_PRODUCER_EPOCH)).toBe(false)
    expect(isStaleMetadata(errorCodes.NOT_LEADER_OR_FOLLOWER)).toBe(true)
    expect(isStaleMetadata(errorCodes.REQUEST_TIMED_OUT)).toBe(false)
  })
})
