/** What a running application counts, beside its catalogue, its dashboards and its alerts. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import { prometheusFamily } from '../../src/common/prometheus.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { session, tumbling } from '../../src/dsl/windows.ts'
import type { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import { allMetrics } from '../../src/runtime/metrics/catalogue.ts'
import { serdes } from '../../src/serde/serdes.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { Cluster } from '../support/embedded-app.ts'

const ops = fileURLToPath(new URL('../../ops/', import.meta.url))
const boards = readdirSync(`${ops}grafana`).map((file) => ({
  file,
  board: JSON.parse(readFileSync(`${ops}grafana/${file}`, 'utf8')) as Board,
}))
const alerts = parse(readFileSync(`${ops}prometheus/alerts.yaml`, 'utf8')) as {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[]
}
const promtool = spawnSync('promtool', ['--version']).status === 0
if (!promtool) console.log("promtool is missing, its checks are skipped: it is in Debian's package 'prometheus'")

interface Board {
  readonly uid: string
  readonly panels: readonly {
    readonly title: string
    readonly datasource?: object
    readonly targets?: readonly { readonly expr: string; readonly datasource: object }[]
  }[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[]
  }
}

/** One of everything that counts something of its own. */
function everything(): Topology {
  const builder = new StreamsBuilder()
  const input = builder.stream('in', { key: serdes.string, value: serdes.string })
  input
    .mapValues((value) => {
      if (value === 'bad') throw new Error('bad')
      return value
    })
    .groupByKey()
    .windowedBy(tumbling({ size: '10s', grace: 0 }))
    .count({ store: 'windows' })
    .suppress({ until: 'windowCloses' })
    .toStream()
    .selectKey((_, { key }) => key)
    .to('out', { key: serdes.string, value: serdes.int64 })
  input
    .groupByKey()
    .windowedBy(tumbling({ size: 5, grace: 0 }))
    .emitStrategy('onWindowClose')
    .count({ store: 'closing' })
  input
    .groupByKey()
    .windowedBy(session({ gap: '5s', grace: 0 }))
    .count({ store: 'sessions' })
  input.groupByKey().count({ store: 'counts' })
  return builder.build()
}

/** Names of metrics in an expression; a name may be followed by labels, a range or nothing. */
function namesIn(expr: string): string[] {
  const withoutLabels = expr.replaceAll(/\{[^}]*\}/g, '').replaceAll(/\b(?:by|on) \([^)]*\)/g, '')
  return [...new Set(withoutLabels.match(/\b(?:kafka|millrace|process|nodejs)_[a-z0-9_]+/g) ?? [])]
}

describe('The metrics of a running application', () => {
  let cluster: Cluster
  let app: KafkaStreams
  let text = ''

  beforeAll(async () => {
    cluster = await Cluster.start({ in: 1, out: 1, dlq: 1 })
    app = cluster.app(everything(), { onProcessingError: { deadLetter: 'dlq' } })
    await app.start()
    const records = Array.from({ length: 50 }, (_, at) => [`k${at % 5}`, at === 7 ? 'bad' : 'v'] as const)
    await cluster.produce('in', records)
    await committedToEnd(cluster.client, 'app', partitionsOf('in', 1))
    text = app.metrics.prometheus()
  })

  afterAll(async () => {
    await app.close()
    await cluster[Symbol.asyncDispose]()
  })

  it('are those of the catalogue, all of them but what nothing has happened for', () => {
    const families = new Map(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
    )
    const catalogue = new Map(allMetrics.map((definition) => [prometheusFamily(definition), definition.type]))
    for (const [family, type] of families) expect([family, catalogue.get(family)]).toEqual([family, type])
    const missing = [...catalogue.keys()].filter((family) => !families.has(family))
    // Nothing is being restored, and nothing was recovered from.
    expect(missing).toEqual(['millrace_recoveries_total', 'kafka_stream_task_restore_remaining_records'])
  })

  it('have one line of help and of type per family, before its samples, and no line twice', () => {
    const lines = text.trimEnd().split('\n')
    const samples = lines.filter((line) => !line.startsWith('#')).map((line) => line.slice(0, line.lastIndexOf(' ')))
    expect(samples.filter((sample, at) => samples.indexOf(sample) !== at)).toEqual([])
    const heads = lines.filter((line) => line.startsWith('# TYPE'))
    expect(heads.length).toBe(lines.filter((line) => line.startsWith('# HELP')).length)
    expect(new Set(heads).size).toBe(heads.length)
  })

  it('count what has happened', () => {
    const of = (name: string, tags: Record<string, string> = {}): number | undefined => app.metrics.get(name, tags)
    const [thread = ''] = /thread_id="([^"]+-StreamThread-1)"/.exec(text)?.slice(1) ?? []
    expect(of('process-total', { 'task-id': '0_0', 'processor-node-id': 'KSTREAM-SOURCE-0000000000' })).toBe(50)
    expect(of('records-consumed-total', { topic: 'in' })).toBe(50)
    expect(of('bytes-consumed-total', { topic: 'in' })).toBeGreaterThan(100)
    expect(of('dropped-records-total', { reason: 'processing' })).toBe(1)
    expect(of('dead-letters-total')).toBe(1)
    expect(of('put-total', { 'state-id': 'windows' })).toBe(49)
    expect(of('fetch-total', { 'state-id': 'sessions' })).toBeGreaterThan(0)
    expect(of('suppression-buffer-count-current')).toBe(5)
    expect(of('emit-final-total')).toBe(45)
    expect(of('records-lag', { topic: 'in' })).toBe(0)
    expect(of('commit-total', { 'thread-id': thread })).toBeGreaterThan(0)
    expect(of('transactions-total')).toBe(of('commit-total'))
    expect(of('client-state')).toBe(2)
    expect(of('alive-stream-threads')).toBe(1)
    expect(of('record-e2e-latency-max', { 'processor-node-id': 'KSTREAM-SOURCE-0000000000' })).toBeGreaterThan(1e12)
    expect(of('record-lateness-max')).toBe(0)
    expect(of('task-created-total')).toBe(1)
  })

  it('have the labels that dashboards for Kafka Streams group by', () => {
    const labelsOf = (family: string): string[] => {
      const [, labels = ''] = new RegExp(`^${family}\\{(.*)\\} \\S+$`, 'm').exec(text) ?? []
      return [...labels.matchAll(/([a-z_]+)="/g)].map(([, name = '']) => name)
    }
    expect(labelsOf('kafka_stream_client_state')).toEqual(['process_id', 'application_id', 'client_id'])
    expect(labelsOf('kafka_stream_thread_process_rate')).toEqual(['thread_id'])
    expect(labelsOf('kafka_stream_task_process_rate')).toEqual(['thread_id', 'task_id'])
    const node = ['thread_id', 'task_id', 'processor_node_id']
    expect(labelsOf('kafka_stream_processor_node_record_e2e_latency_avg')).toEqual(node)
    expect(labelsOf('kafka_stream_topic_bytes_consumed_total')).toEqual([...node, 'topic'])
    expect(labelsOf('kafka_stream_state_put_rate')).toEqual(['thread_id', 'task_id', 'store_type', 'state_id'])
  })

  it.runIf(promtool)('are clean by the rules of promtool', () => {
    // It exits with 3 and says why where it finds anything.
    expect(execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })).toBe('')
  })

  const catalogued = new Set(
    allMetrics.flatMap((definition) => {
      const family = prometheusFamily(definition)
      return definition.type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => family + end) : [family]
    }),
  )
  const known = (name: string): boolean =>
    catalogued.has(name) && (new RegExp(`^${name}[{ ]`, 'm').test(text) || rare.has(name))
  /** Only while something is restored or recovered from. */
  const rare = new Set(['kafka_stream_task_restore_remaining_records', 'millrace_recoveries_total'])

  it.each(boards)('are what $file asks for', ({ board }) => {
    const queries = board.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    const variables = board.templating.list.flatMap(({ definition }) => definition ?? [])
    const names = [...queries, ...variables].flatMap(namesIn)
    expect(names.length).toBeGreaterThan(10)
    expect(names.filter((name) => !known(name))).toEqual([])
  })

  it('are what the alerts ask for', () => {
    const names = alerts.groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => namesIn(expr)))
    expect(names.filter((name) => !known(name))).toEqual([])
  })
})

describe('The dashboards', () => {
  it.each(boards)('$file loads as it is: its data source is a variable, its id is its file', ({ file, board }) => {
    expect(file).toBe(`${board.uid}.json`)
    expect(board.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' })
    const sources = board.panels.flatMap(({ datasource, targets = [] }) => [
      ...(datasource === undefined ? [] : [datasource]),
      ...targets.map((target) => target.datasource),
    ])
    expect(new Set(sources.map((source) => JSON.stringify(source)))).toEqual(
      new Set(['{"type":"prometheus","uid":"${datasource}"}']),
    )
  })
})

describe('The alert rules', () => {
  it('are named once, say what is wrong, and page or warn', () => {
    const rules = alerts.groups.flatMap((group) => group.rules)
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    for (const rule of rules) {
      expect(rule).toMatchObject({
        labels: { severity: expect.stringMatching(/^(?:critical|warning)$/) as string },
        annotations: { summary: expect.any(String) as string, description: expect.any(String) as string },
      })
    }
  })

  it.runIf(promtool)('are rules to promtool', () => {
    expect(execFileSync('promtool', ['check', 'rules', `${ops}prometheus/alerts.yaml`], { encoding: 'utf8' })).toMatch(
      /SUCCESS: \d+ rules found/,
    )
  })
})
