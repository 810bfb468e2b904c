/** `millrace describe --live`: the topology, and how the running application is doing it. */
import { sleep, systemClock } from '../common/clock.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import { lagOnCluster } from '../runtime/operations/lag-on-cluster.ts'
import type { LagOnCluster } from '../runtime/operations/lag-on-cluster.ts'
import { liveTopology } from '../runtime/operations/live-topology.ts'
import type { LiveTask, LiveTopic, LiveTopology } from '../runtime/operations/live-topology.ts'
import { withClient } from './connection.ts'
import type { ConnectionOptions } from './connection.ts'
import { partitionTimeoutMs } from './lag.ts'
import { ageText } from './lag-text.ts'
import { loadShape } from './shape.ts'
import { styled } from './style.ts'
import { tableText } from './table.ts'
import type { Column } from './table.ts'
import { say } from './terminal.ts'

export interface LiveOptions extends ConnectionOptions {
  readonly interval: number
}

export async function readLive(file: string | undefined, options: LiveOptions): Promise<LiveTopology> {
  const { shape, config, kafka } = await loadShape(file, options)
  const { applicationId } = config
  // Of each of two looks, see lag.ts.
  const partitionTimeout =
    options.timeout === undefined ? {} : { partitionTimeoutMs: partitionTimeoutMs(options.timeout / 2) }
  let live: LiveTopology | undefined
  const look = (client: KafkaClient): Promise<LagOnCluster> =>
    lagOnCluster({ client, clock: systemClock, applicationId, application: shape, ...partitionTimeout })
  const use = async (client: KafkaClient): Promise<void> => {
    const { report: before } = await look(client)
    await sleep(systemClock, options.interval)
    const { report, warnings } = await look(client)
    for (const warning of warnings) say(`warning: ${warning}`)
    for (const { topic, partition, unknown } of report.partitions) {
      if (unknown !== null)
        say(`warning: the lag of ${topic}-${partition} is not known, and not in the sums: ${unknown}`)
    }
    live = liveTopology(before, report)
  }
  await withClient('describe', { ...options, timeout: (options.timeout ?? 0) + options.interval }, use, kafka)
  if (live === undefined) throw new Error('the cluster was not looked at (please report this)')
  return live
}

/** What stands below the description. */
export function liveText({ groupState, intervalMs, tasks, topics }: LiveTopology): string {
  const running = groupState === null || groupState === 'Empty' ? 'does not run' : groupState
  const seconds = `over ${ageText(intervalMs)}`
  return [
    `${styled('heading', 'Live')}: ${running}; rates ${seconds}\n`,
    topics.length === 0 ? '' : `\n${tableText(topicColumns, topics)}`,
    tasks.length === 0 ? '' : `\n${tableText(taskColumns, tasks)}`,
  ].join('')
}

const lagColumns: readonly Column<LiveTask | LiveTopic>[] = [
  { title: 'LAG', value: ({ lag }) => lag, align: 'right', style: ({ lag }) => (lag > 0 ? 'warning' : undefined) },
  { title: 'AGE', value: ({ lagMs }) => (lagMs === null ? null : ageText(lagMs)), align: 'right' },
  { title: 'PROCESSED/S', value: ({ processedPerSecond }) => Math.round(processedPerSecond), align: 'right' },
]

const topicColumns: readonly Column<LiveTopic>[] = [
  { title: 'SUB-TOPOLOGY', value: ({ subTopology }) => String(subTopology), align: 'right' },
  { title: 'READS', value: ({ topic }) => topic, style: () => 'name', flexible: 'middle', widthMin: 20 },
  { title: 'PARTITIONS', value: ({ partitions }) => partitions, align: 'right', expendable: 1 },
  { title: 'WRITTEN/S', value: ({ writtenPerSecond }) => Math.round(writtenPerSecond), align: 'right' },
  ...lagColumns,
]

const taskColumns: readonly Column<LiveTask>[] = [
  { title: 'TASK', value: ({ taskId }) => taskId, style: () => 'name' },
  ...lagColumns,
  {
    title: 'OWNER',
    value: ({ owner }) => owner ?? 'nobody',
    style: ({ owner }) => (owner === null ? 'warning' : undefined),
    flexible: true,
  },
]
