/** Findings for people, for GitHub and for code scanning: what is escaped, and what each reader needs. */
import { describe, expect, it } from 'vitest'
import { findingsText, githubText, sarifText } from '../../../src/cli/validate-text.ts'
import type { ValidateReport } from '../../../src/cli/validate-text.ts'
import type { TopologyDiff } from '../../../src/topology/diff-model.ts'
import type { Finding } from '../../../src/topology/validate-model.ts'

const finding = (about: Partial<Finding> = {}): Finding => ({
  rule: 'store-unused',
  severity: 'warning',
  message: 'nobody reads it',
  fix: 'remove it',
  ...about,
})

function report(findings: readonly Finding[], about: Partial<ValidateReport> = {}): ValidateReport {
  const count = (severity: string): number => findings.filter((each) => each.severity === severity).length
  const counts = { error: count('error'), warning: count('warning'), info: count('info') }
  return { module: 'app.ts', applicationId: 'app', counts, findings, ...about }
}

describe('Findings for people', () => {
  it('have their place and node, what to do, and their numbers in the end', () => {
    const found = [
      finding({ severity: 'error', place: 'app.ts:4', node: 'counts' }),
      finding(),
      finding({ severity: 'info' }),
    ]
    expect(findingsText(report(found))).toBe(`app (app.ts)

error  store-unused  app.ts:4  counts
  nobody reads it
  to do: remove it

warning  store-unused
  nobody reads it
  to do: remove it

info  store-unused
  nobody reads it
  to do: remove it

1 error, 1 warning, 1 to know
`)
    expect(findingsText(report([finding(), finding()]))).toMatch(/\n0 errors, 2 warnings, 0 to know\n$/)
  })

  it('of a module that could not be loaded have no application; none at all are said to be none', () => {
    expect(findingsText(report([], { applicationId: null }))).toBe('app.ts\nnothing found\n')
  })

  it('say what changed only where that matters', () => {
    const diff = (verdict: string): TopologyDiff =>
      ({ verdict, changes: [], sideBySide: true }) as unknown as TopologyDiff
    expect(findingsText(report([], { diff: diff('safe') }))).toContain('since the saved description: safe\n')
    expect(findingsText(report([], { diff: diff('identical') }))).toContain('since the saved description: identical\n')
    expect(findingsText(report([], { diff: diff('migrates') }))).toMatch(/since the saved description: \S+ \S+/)
  })
})

describe('Annotations of a pull request', () => {
  it('are workflow commands, escaped so that no text ends one or begins another', () => {
    const message = '50% of a:b,c\r\n::error::forged'
    expect(githubText(report([finding({ message, place: 'a,b:c%d.ts:12', fix: 'do\nit' })]))).toBe(
      '::warning file=a%2Cb%3Ac%25d.ts,line=12,title=store-unused::50%25 of a:b,c%0D%0A::error::forged%0ATo do: do%0Ait\n',
    )
  })

  it('without a place are of the module, without its export and without a line', () => {
    expect(githubText(report([finding({ severity: 'error' })], { module: 'app.ts#billing' }))).toMatch(
      /^::error file=app\.ts,title=store-unused::/,
    )
    expect(githubText(report([finding({ severity: 'info' })]))).toMatch(/^::notice file=app\.ts,title=/)
  })
})

describe('SARIF', () => {
  interface Log {
    readonly runs: readonly {
      readonly tool: { readonly driver: { readonly rules: readonly Record<string, unknown>[] } }
      readonly results: readonly Record<string, unknown>[]
    }[]
  }
  const parsed = (found: Finding): Log['runs'][number] => (JSON.parse(sarifText(report([found]))) as Log).runs[0]!

  it('has levels that the format knows, and what to do', () => {
    const { tool, results } = parsed(finding({ severity: 'info', place: 'app.ts:4' }))
    expect(results).toEqual([
      {
        ruleId: 'store-unused',
        level: 'note',
        message: { text: 'nobody reads it\nTo do: remove it' },
        locations: [{ physicalLocation: { artifactLocation: { uri: 'app.ts' }, region: { startLine: 4 } } }],
      },
    ])
    const levels = tool.driver.rules.map(
      ({ defaultConfiguration }) => (defaultConfiguration as { level: string }).level,
    )
    expect(new Set(levels)).toEqual(new Set(['error', 'warning', 'note']))
  })

  it.each([
    ['/srv/my app/a.ts:3', 'file:///srv/my%20app/a.ts', { startLine: 3 }],
    ['my app/ä.ts:3', 'my%20app/%C3%A4.ts', { startLine: 3 }],
    [undefined, 'app.ts', undefined],
  ])('names the file of %s as a URI', (place, uri, region) => {
    const [result] = parsed(finding(place === undefined ? {} : { place })).results
    expect(result?.['locations']).toEqual([
      { physicalLocation: { artifactLocation: { uri }, ...(region && { region }) } },
    ])
  })
})
