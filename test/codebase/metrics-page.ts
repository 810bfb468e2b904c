/** `docs/metrics.md` as the source says it: every metric with its names, type and meaning. */
import { format, resolveConfig } from 'prettier'
import type { MetricDefinition } from '../../src/common/metrics.ts'
import { prometheusFamily } from '../../src/common/prometheus.ts'
import {
  clientMetrics,
  definitionsIn,
  inputMetrics,
  nodeMetrics,
  processMetrics,
  storeMetrics,
  taskMetrics,
  threadMetrics,
} from '../../src/runtime/metrics/catalogue.ts'

const intro = `# Metrics

What an instance counts: \`GET /metrics\` of its [HTTP server](operations-http.md) has all of it in the text format of
Prometheus, \`streams.metrics.prometheus()\` the same text, \`streams.metrics.get(name, tags)\` single values, and
\`observeStreams\` of \`millrace/otel\` gives it to OpenTelemetry.

Names are those of Kafka Streams where it has the fact, as the JMX exporter writes them: dashboards that were made for Kafka
Streams show this one as well. What it does not have begins with \`millrace_\`; figures of Node have the names of prom-client.
Averages and rates are of the last 30 to 60 seconds, and cannot be added up over instances: for that there are the counters
and histograms beside them. A gauge without values says \`NaN\`, as in Kafka Streams.

Nothing is measured per record but what an increment can: there are no latencies of single stores or processors, which Kafka
Streams has at the level \`DEBUG\`. Times are the clock's milliseconds. A slice is what is processed between two turns of the event
loop, 10 ms at most; the latencies of its records are worked out at its end, as Kafka Streams does for a batch.
`

const sections: readonly {
  readonly title: string
  readonly text: string
  readonly definitions: Parameters<typeof definitionsIn>[0]
}[] = [
  {
    title: 'Client',
    text: 'Labels: `process_id` (once it is connected), `application_id`, `client_id`, and what the text names.',
    definitions: clientMetrics,
  },
  {
    title: 'Thread',
    text: 'Labels: `thread_id`, `<application id>-<process id>-StreamThread-1`; `kafka_consumer_coordinator_…`: `client_id`; `phase`, `kind`, `reaction`, `processor_node_id` where the text says so.',
    definitions: threadMetrics,
  },
  {
    title: 'Task',
    text: 'Labels: `thread_id`, `task_id`; dropped records also `reason`. The task of global stores is `-1_-1`.',
    definitions: taskMetrics,
  },
  {
    title: 'Processor node and topic',
    text: 'Labels: `thread_id`, `task_id`, `processor_node_id`, and of topics `topic`. Sources and nodes that end a path only. Where a function names the topic of a sink the label says so, since there may be any number of topics.',
    definitions: nodeMetrics,
  },
  {
    title: 'Input partition',
    text: 'Labels: `client_id`, `thread_id`, `task_id`, `topic`, `partition`.',
    definitions: inputMetrics,
  },
  {
    title: 'State store',
    text: 'Labels: `thread_id`, `task_id`, `store_type` (`key-value-state`, `window-state`, `session-state`, `versioned-state`, `suppression-state`), `state_id`. Each kind has what its stores can do.',
    definitions: storeMetrics,
  },
  {
    title: 'Process',
    text: 'Of the whole process, also where it has several applications. Measured from the first time that somebody looks.',
    definitions: processMetrics,
  },
]

export async function metricsPage(file: string): Promise<string> {
  const parts = sections.map(
    ({ title, text, definitions }) => `## ${title}\n\n${text}\n\n${table(definitionsIn(definitions))}\n`,
  )
  return format([intro, ...parts].join('\n'), { ...(await resolveConfig(file)), parser: 'markdown' })
}

function table(definitions: readonly MetricDefinition[]): string {
  const rows = definitions.map((definition) => {
    const { name, type, help } = definition
    return `| \`${prometheusFamily(definition)}\` | ${type} | \`${name}\` | ${help.replaceAll('|', '\\|')} |`
  })
  return ['| Prometheus | type | name | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n')
}
