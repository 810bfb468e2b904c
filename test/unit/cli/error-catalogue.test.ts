import { describe, expect, it } from 'vitest'
import { codeOf, readErrorCatalogue } from '../../../src/cli/error-catalogue.ts'

const page = `# Errors

Prose of the page.

## Stores

Prose of the area.

### MILLRACE_BUFFER_FULL

It holds back more than [it may](operators.md#fewer-updates), **and** see
[below](#millrace_other).

- a point of the prose

- **Look at**: the metrics, and
  the limits.
- **Exit code**: 1

## Running

### MILLRACE_OTHER

Something else.

- **Look at**: the message.
- **Do**: what it says.
- **Exit code**: 4
`

describe('The error catalogue', () => {
  const catalogue = readErrorCatalogue(page)

  it('has an entry for each section, with the part of the page that it stands in', () => {
    expect([...catalogue.values()].map(({ code, area }) => [code, area])).toEqual([
      ['MILLRACE_BUFFER_FULL', 'Stores'],
      ['MILLRACE_OTHER', 'Running'],
    ])
  })

  it('reads prose as plain text with places for links, and points as fields', () => {
    expect(catalogue.get('MILLRACE_BUFFER_FULL')).toEqual({
      code: 'MILLRACE_BUFFER_FULL',
      area: 'Stores',
      meaning: 'It holds back more than it may (docs/operators.md), and see below.\n\n- a point of the prose',
      lookAt: 'the metrics, and the limits.',
      todo: null,
      exitCode: 1,
    })
    expect(catalogue.get('MILLRACE_OTHER')).toMatchObject({ todo: 'what it says.', exitCode: 4 })
  })

  it('is in the package, with what a disk that is full means', () => {
    expect(readErrorCatalogue().get('MILLRACE_STATE_WRITE_FAILED')?.meaning).toContain('Nothing is lost')
  })

  it('knows a code by what is left when all codes’ beginning is left away', () => {
    expect(['buffer_full', 'BUFFER-FULL', ' MILLRACE_BUFFER_FULL'].map(codeOf)).toEqual(
      Array.from({ length: 3 }, () => 'MILLRACE_BUFFER_FULL'),
    )
  })
})
