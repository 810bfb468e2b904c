import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { givenTimestamp, timedLine, timestampText } from '../../../src/cli/record-time.ts'

describe('The timestamp of a record, as text', () => {
  it('is read again as it was written, whatever stands behind it', () => {
    const separators = fc.constantFrom(' ', '\t', ':', '.', '-', '=>', 'Z', '→')
    fc.assert(
      fc.property(fc.maxSafeNat(), separators, fc.string(), (timestamp, separator, rest) => {
        const text = timestampText(timestamp)
        expect(givenTimestamp(text)).toBe(timestamp)
        const timed = timedLine(Buffer.from(text + separator + rest), Buffer.from(separator))
        expect([timed.timestamp, timed.rest.toString()]).toEqual([timestamp, rest])
      }),
    )
  })

  it.each([
    ['0', 0],
    ['1700000000123', 1_700_000_000_123],
    ['2026', 2026],
    ['2026-11-02', 1_793_577_600_000],
    ['2026-11-02T10:00Z', 1_793_613_600_000],
    ['2026-11-02T10:00:00.5+02:00', 1_793_606_400_500],
    ['2026-11-02T10:00:00.123456789Z', 1_793_613_600_123],
  ])('may be %s', (text, timestamp) => {
    expect(givenTimestamp(text)).toBe(timestamp)
  })

  it.each([
    '',
    '-1',
    '1.5',
    '1e3',
    '9007199254740992',
    '2026-11-02T10:00:00',
    '2026-11-02 10:00:00Z',
    '2026-13-01',
    '2026-02-30T00:00Z',
    '2026-11-02T25:00Z',
    '1969-12-31T23:59:59Z',
    'yesterday',
    '2026-11-02T10:00Z and more',
  ])('is not %j', (text) => {
    expect(() => givenTimestamp(text)).toThrow(`with its zone, such as 2026-11-02T10:00:00Z, not '${text}'`)
    expect(() => timedLine(Buffer.from(`${text}|x`), Buffer.from('|'))).toThrow('it does not begin with milliseconds')
  })

  it('is milliseconds where ISO 8601 would need more than four digits for the year', () => {
    expect(timestampText(253_402_300_799_999)).toBe('9999-12-31T23:59:59.999Z')
    expect(timestampText(253_402_300_800_000)).toBe('253402300800000')
    expect(timestampText(-1)).toBe('-1')
  })
})
