import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { prometheusFamily } from '../../src/common/prometheus.ts'
import { allMetrics } from '../../src/runtime/metrics/catalogue.ts'
import { metricsPage } from './metrics-page.ts'
import { projectRoot } from './project-files.ts'

// docs/metrics.md is made from the catalogue of metrics. After a wanted change: npm test -- --project=codebase -u

describe('The catalogue of metrics', () => {
  it('is what docs/metrics.md says', async () => {
    const file = path.join(projectRoot, 'docs/metrics.md')
    await expect(await metricsPage(file)).toMatchFileSnapshot(file)
  })

  it('has every name and every family once', () => {
    const twice = (values: readonly string[]): string[] => values.filter((value, at) => values.indexOf(value) !== at)
    expect(twice(allMetrics.map(prometheusFamily))).toEqual([])
    expect(twice(allMetrics.map(({ group, name }) => `${group} ${name}`))).toEqual([])
  })

  it('keeps the rules of Prometheus: counters alone end in _total, and help is a sentence', () => {
    const wrong = allMetrics.filter((definition) => {
      const family = prometheusFamily(definition)
      const isCounter = definition.type === 'counter'
      return (
        family.endsWith('_total') !== isCounter ||
        !/^[a-z][a-z0-9_]*$/.test(family) ||
        !/^[A-Z].*\.$/.test(definition.help)
      )
    })
    expect(wrong).toEqual([])
  })
})
