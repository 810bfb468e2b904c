/**
 * Every metric of the runtime: its names, its type, and what it says. The source of truth for `docs/metrics.md`, which a
 * test makes from it. Where Kafka Streams has the fact the names are Kafka Streams' (docs/operations/monitoring), so that
 * dashboards made for it work; what it does not have begins with `millrace_`, and figures of Node are called what
 * prom-client calls them. Where Kafka's name breaks a rule of Prometheus (a gauge that ends in `total`, nanoseconds), the
 * family has another one.
 */
import type { MetricDefinition, RatedDefinition, StatDefinition } from '../../common/metrics.ts'

const client = 'stream-metrics'
const thread = 'stream-thread-metrics'
const task = 'stream-task-metrics'
const node = 'stream-processor-node-metrics'
const topic = 'stream-topic-metrics'
const store = 'stream-state-metrics'
const input = 'consumer-fetch-manager-metrics'
const coordinator = 'consumer-coordinator-metrics'
const own = 'millrace'

/** Names by what they define: single metrics, counters with a rate, statistics. */
type Of<M extends string, R extends string = never, S extends string = never> = Readonly<
  Record<M, MetricDefinition> & Record<R, RatedDefinition> & Record<S, StatDefinition>
>

function gauge(group: string, name: string, help: string, family?: string, scale?: number): MetricDefinition {
  return { group, name, type: 'gauge', help, family, scale }
}

function counter(group: string, name: string, help: string, family?: string, scale?: number): MetricDefinition {
  return { group, name, type: 'counter', help, family, scale }
}

/** `process`: `process-total`, and `process-rate` beside it. */
function rated(group: string, what: string, help: string): RatedDefinition {
  const rate = gauge(group, `${what}-rate`, `${help}, per second, over the last 30 to 60 seconds.`)
  return { group, name: `${what}-total`, type: 'counter', help: `${help}.`, rate }
}

/** `process-latency`: `-avg`, `-max`, and `-min` where it is wanted; over the last 30 to 60 seconds. */
function stat(group: string, what: string, help: string, withMin = false): StatDefinition {
  const part = (suffix: string, word: string): MetricDefinition =>
    gauge(group, `${what}-${suffix}`, `${help}: ${word} of the last 30 to 60 seconds.`)
  return {
    avg: part('avg', 'average'),
    max: part('max', 'highest'),
    min: withMin ? part('min', 'lowest') : undefined,
  }
}

function seconds(name: string, help: string): MetricDefinition {
  return { group: own, name, type: 'histogram', help, family: `millrace_${name.replaceAll('-', '_')}` }
}

function ownGauge(name: string, help: string, scale?: number): MetricDefinition {
  return gauge(own, name, help, `millrace_${name.replaceAll('-', '_')}`, scale)
}

function ownCounter(name: string, help: string, scale?: number): MetricDefinition {
  return counter(own, name, help, `millrace_${name.replaceAll('-', '_')}`, scale)
}

export const clientMetrics: Of<
  'clientState' | 'state' | 'aliveThreads' | 'failedThreads' | 'version' | 'applicationId' | 'topologyDescription'
> = {
  clientState: gauge(
    client,
    'client-state',
    'State of the application: 0 CREATED, 1 REBALANCING, 2 RUNNING, 3 PENDING_SHUTDOWN, 4 NOT_RUNNING, 5 PENDING_ERROR, 6 ERROR.',
  ),
  state: gauge(client, 'state', 'Always 1; the label state has the name of the state of the application.'),
  aliveThreads: gauge(client, 'alive-stream-threads', 'Stream threads that are starting or running.'),
  failedThreads: gauge(client, 'failed-stream-threads', 'Stream threads that ended with an error since the start.'),
  version: gauge(client, 'version', 'Always 1; the label version has the version of millrace.'),
  applicationId: gauge(client, 'application-id', 'Always 1; the label application_id has the id of the application.'),
  topologyDescription: gauge(
    client,
    'topology-description',
    'Always 1; the labels have a fingerprint of the topology and, up to 8 KiB, its description as text.',
  ),
}

export const threadMetrics: Of<
  | 'processRatio'
  | 'pollRatio'
  | 'punctuateRatio'
  | 'commitRatio'
  | 'blockedTime'
  | 'rebalance'
  | 'rebalanceDuration'
  | 'commitDuration'
  | 'processSlice'
  | 'endToEnd'
  | 'restoreDuration'
  | 'transactions'
  | 'aborts'
  | 'fenced'
  | 'recoveries'
  | 'commitFailures'
  | 'lastCommit',
  'process' | 'poll' | 'punctuate' | 'commit' | 'taskCreated' | 'taskClosed',
  'processLatency' | 'processRecords' | 'pollLatency' | 'pollRecords' | 'punctuateLatency' | 'commitLatency'
> = {
  process: rated(thread, 'process', 'Records processed'),
  processLatency: stat(thread, 'process-latency', 'Milliseconds per processed record, by slice'),
  processRecords: stat(thread, 'process-records', 'Records processed in a slice'),
  processRatio: gauge(thread, 'process-ratio', 'Share of the time that goes into processing records.'),
  poll: rated(thread, 'poll', 'Looks for fetched records'),
  pollLatency: stat(thread, 'poll-latency', 'Milliseconds of a wait for records, where there were none'),
  pollRecords: stat(thread, 'poll-records', 'Records that a look for fetched records brought, where it brought some'),
  pollRatio: gauge(thread, 'poll-ratio', 'Share of the time that is spent waiting for records.'),
  punctuate: rated(thread, 'punctuate', 'Turns in which punctuations by the wall clock were called'),
  punctuateLatency: stat(thread, 'punctuate-latency', 'Milliseconds of such a turn'),
  punctuateRatio: gauge(thread, 'punctuate-ratio', 'Share of the time that goes into punctuations by the wall clock.'),
  commit: rated(thread, 'commit', 'Commits that succeeded'),
  commitLatency: stat(thread, 'commit-latency', 'Milliseconds from the cut of a commit to its end'),
  commitRatio: gauge(
    thread,
    'commit-ratio',
    'Share of the time that goes into cutting commits or is spent waiting for one; what overlaps with processing does not count.',
  ),
  taskCreated: rated(thread, 'task-created', 'Tasks opened'),
  taskClosed: rated(thread, 'task-closed', 'Tasks closed'),
  blockedTime: counter(
    thread,
    'blocked-time-ns-total',
    'Time that the thread was kept from processing by commits, full buffers and acknowledgements of the brokers.',
    'kafka_stream_thread_blocked_time_seconds_total',
    1e-9,
  ),
  rebalance: counter(coordinator, 'rebalance-total', 'Assignments that this member has taken.'),
  rebalanceDuration: seconds('rebalance-duration-seconds', 'From the begin of a rebalance to the assignment taken.'),
  commitDuration: seconds(
    'commit-duration-seconds',
    'Commits that succeeded, by phase: cut (no processing), flush (acknowledgements), transaction (offsets and end), engine (local state), total.',
  ),
  processSlice: seconds('process-slice-seconds', 'Slices of processing, between two turns of the event loop.'),
  endToEnd: seconds(
    'record-e2e-latency-seconds',
    'From the timestamp of records to when a source has read or a terminal node has finished them; all records of a slice count with the mean of the slice.',
  ),
  restoreDuration: seconds('restore-duration-seconds', 'Replays of a changelog that had records to replay.'),
  transactions: ownCounter('transactions-total', 'Transactions committed.'),
  aborts: ownCounter('transaction-aborts-total', 'Transactions aborted, or given up with their producer.'),
  fenced: ownCounter('fenced-total', 'Times that the producer or the membership was fenced, by kind.'),
  recoveries: ownCounter('recoveries-total', 'Errors that the thread recovered from by itself, by reaction.'),
  commitFailures: ownCounter('commit-failures-total', 'Commits that failed; their records are processed again.'),
  lastCommit: ownGauge(
    'last-commit-timestamp-seconds',
    'When the last commit succeeded, in seconds since the epoch; before the first one when the thread began.',
    1e-3,
  ),
}

export const taskMetrics: Of<
  'activeProcessRatio' | 'inputBuffer' | 'cacheSize' | 'uncommitted' | 'restoreRemaining' | 'deadLetters',
  'process' | 'dropped' | 'punctuate' | 'restore',
  'processLatency' | 'lateness'
> = {
  process: rated(task, 'process', 'Records processed by the task'),
  processLatency: stat(task, 'process-latency', 'Milliseconds per record of the task, by slice'),
  activeProcessRatio: gauge(task, 'active-process-ratio', 'Share of the time that the thread gives to this task.'),
  dropped: rated(task, 'dropped-records', 'Records dropped, by reason (docs/nulls.md)'),
  punctuate: rated(task, 'punctuate', 'Punctuations called'),
  lateness: stat(
    task,
    'record-lateness',
    'Milliseconds by which records are behind the stream time of the task; in order they are 0',
  ),
  inputBuffer: gauge(
    task,
    'input-buffer-bytes-total',
    'Bytes of record batches that wait to be processed.',
    'kafka_stream_task_input_buffer_bytes',
  ),
  cacheSize: gauge(
    task,
    'cache-size-bytes-total',
    'Bytes of updates that wait in caches for the next commit.',
    'kafka_stream_task_cache_size_bytes',
  ),
  uncommitted: ownGauge('task-uncommitted-bytes', 'Bytes of state that no commit has taken yet.'),
  restore: rated(task, 'restore', 'Records of changelogs replayed for the task'),
  restoreRemaining: gauge(
    task,
    'restore-remaining-records-total',
    'Offsets of changelogs that are left to replay before the task runs.',
    'kafka_stream_task_restore_remaining_records',
  ),
  deadLetters: ownCounter('dead-letters-total', 'Dead letters written.'),
}

export const nodeMetrics: Of<
  'recordsConsumed' | 'bytesConsumed' | 'recordsProduced' | 'bytesProduced',
  'process' | 'suppressionEmit' | 'emitFinal',
  'endToEnd'
> = {
  process: rated(node, 'process', 'Records processed by the source node'),
  endToEnd: stat(
    node,
    'record-e2e-latency',
    'Milliseconds from the timestamp of a record to when a source has read, or a terminal node has finished it',
    true,
  ),
  suppressionEmit: rated(node, 'suppression-emit', 'Results that suppress has let go'),
  emitFinal: rated(node, 'emit-final', 'Final results of windows that were emitted'),
  recordsConsumed: counter(topic, 'records-consumed-total', 'Records of the topic that the source has processed.'),
  bytesConsumed: counter(
    topic,
    'bytes-consumed-total',
    'Bytes of the record batches that the source has read to their end, compressed as they came.',
  ),
  recordsProduced: counter(topic, 'records-produced-total', 'Records that the sink has written to the topic.'),
  bytesProduced: counter(
    topic,
    'bytes-produced-total',
    'Bytes of keys and values that the sink has written to the topic.',
  ),
}

export const inputMetrics: Of<'lag' | 'position' | 'committed' | 'highWatermark' | 'lastStable' | 'paused'> = {
  lag: gauge(
    input,
    'records-lag',
    'Records of the input partition, up to its end, that are not processed yet (offsets; control records count).',
  ),
  position: ownGauge('input-position', 'Offset of the input partition up to which is processed.'),
  committed: ownGauge('input-committed-offset', 'Offset of the input partition that is committed.'),
  highWatermark: ownGauge('input-high-watermark', 'End of the input partition, as the last fetch has seen it.'),
  lastStable: ownGauge(
    'input-last-stable-offset',
    'Offset of the input partition below which no transaction is open, as the last fetch has seen it.',
  ),
  paused: ownCounter(
    'input-paused-seconds-total',
    'Time for which the input partition was not fetched because enough of it was buffered: back-pressure.',
    1e-3,
  ),
}

export const storeMetrics: Of<
  'openIterators' | 'keys' | 'estimatedKeys' | 'suppressionBytes' | 'suppressionCount',
  'put' | 'delete' | 'get' | 'fetch' | 'range' | 'all' | 'prefixScan' | 'restore'
> = {
  put: rated(store, 'put', 'Values written'),
  delete: rated(store, 'delete', 'Nulls written: deletes'),
  get: rated(store, 'get', 'Look-ups by key'),
  fetch: rated(store, 'fetch', 'Look-ups of windows and sessions, by key, by time or both'),
  range: rated(store, 'range', 'Iterators over a range of keys'),
  all: rated(store, 'all', 'Iterators over all keys'),
  prefixScan: rated(store, 'prefix-scan', 'Iterators over the keys of a prefix'),
  restore: rated(store, 'restore', 'Records of the changelog replayed into the store'),
  openIterators: gauge(store, 'num-open-iterators', 'Iterators that were opened and not read to their end or closed.'),
  keys: gauge(store, 'num-keys', 'Entries as of the last commit.'),
  estimatedKeys: gauge(store, 'estimate-num-keys', 'The same, under the name that Java has for persistent stores.'),
  suppressionBytes: gauge(
    store,
    'suppression-buffer-size-current',
    'Bytes that the buffer of suppress holds back.',
    'kafka_stream_state_suppression_buffer_size_bytes',
  ),
  suppressionCount: gauge(
    store,
    'suppression-buffer-count-current',
    'Results that the buffer of suppress holds back.',
    'kafka_stream_state_suppression_buffer_records',
  ),
}

export const processMetrics: Of<
  | 'cpu'
  | 'rss'
  | 'startTime'
  | 'memoryLimit'
  | 'heapUsed'
  | 'heapTotal'
  | 'external'
  | 'arrayBuffers'
  | 'loopDelayP50'
  | 'loopDelayP99'
  | 'loopDelayMax'
  | 'loopUtilization'
  | 'gc'
> = {
  cpu: counter(
    'process',
    'cpu-seconds-total',
    'CPU time of the process, user and system.',
    'process_cpu_seconds_total',
  ),
  rss: gauge('process', 'resident-memory-bytes', 'Resident memory.', 'process_resident_memory_bytes'),
  startTime: gauge(
    'process',
    'start-time-seconds',
    'When the process began, in seconds since the epoch.',
    'process_start_time_seconds',
  ),
  memoryLimit: ownGauge(
    'memory-limit-bytes',
    'Memory that the process may use: the limit of its container, or what the machine has.',
  ),
  heapUsed: gauge('nodejs', 'heap-used-bytes', 'Used heap of V8.', 'nodejs_heap_size_used_bytes'),
  heapTotal: gauge('nodejs', 'heap-total-bytes', 'Heap of V8.', 'nodejs_heap_size_total_bytes'),
  external: gauge(
    'nodejs',
    'external-memory-bytes',
    'Memory outside of the heap that objects hold.',
    'nodejs_external_memory_bytes',
  ),
  arrayBuffers: gauge(
    'nodejs',
    'array-buffers-bytes',
    'The part of it that buffers have.',
    'nodejs_array_buffers_bytes',
  ),
  loopDelayP50: gauge(
    'nodejs',
    'eventloop-delay-p50-seconds',
    'By how much the event loop was late in the last 30 to 60 seconds: median.',
    'nodejs_eventloop_lag_p50_seconds',
  ),
  loopDelayP99: gauge(
    'nodejs',
    'eventloop-delay-p99-seconds',
    'By how much the event loop was late in the last 30 to 60 seconds: quantile 0.99.',
    'nodejs_eventloop_lag_p99_seconds',
  ),
  loopDelayMax: gauge(
    'nodejs',
    'eventloop-delay-max-seconds',
    'By how much the event loop was late at most in the last 30 to 60 seconds.',
    'nodejs_eventloop_lag_max_seconds',
  ),
  loopUtilization: gauge(
    'nodejs',
    'eventloop-utilization-ratio',
    'Share of the time that the event loop was busy, since the reading before.',
    'nodejs_eventloop_utilization_ratio',
  ),
  gc: {
    group: 'nodejs',
    name: 'gc-duration-seconds',
    type: 'histogram',
    help: 'Pauses for garbage collection, by kind: minor, major, incremental, weakcb.',
    family: 'nodejs_gc_duration_seconds',
  },
}

export type Definitions = Readonly<Record<string, MetricDefinition | RatedDefinition | StatDefinition>>

/** Of all, rates, averages and so on each as its own. */
export const allMetrics: readonly MetricDefinition[] = [
  clientMetrics,
  threadMetrics,
  taskMetrics,
  nodeMetrics,
  inputMetrics,
  storeMetrics,
  processMetrics,
].flatMap(definitionsIn)

export function definitionsIn(definitions: Definitions): MetricDefinition[] {
  return Object.values(definitions).flatMap(definitionsOf)
}

function definitionsOf(definition: MetricDefinition | RatedDefinition | StatDefinition): MetricDefinition[] {
  if ('avg' in definition) return [definition.avg, definition.max, ...(definition.min ? [definition.min] : [])]
  return 'rate' in definition ? [definition, definition.rate] : [definition]
}
