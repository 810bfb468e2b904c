/** What internal topics are created with. Kafka Streams: RepartitionTopicConfig.java, WindowedChangelogTopicConfig.java and its siblings. */
import type { StoreSpec } from '../processor/store-builder.ts'

const dayMs = 86_400_000

/** Never expired by time, deleted only by the application, up to the committed offset. */
export const repartitionConfig: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'segment.bytes': String(50 * 1024 * 1024),
  'retention.ms': '-1',
  'message.timestamp.type': 'CreateTime',
}

export function changelogConfig(spec: StoreSpec): Record<string, string> {
  const base = { 'message.timestamp.type': 'CreateTime', 'cleanup.policy': 'compact' }
  switch (spec.kind) {
    case 'window':
    case 'timestampedWindow':
    case 'session': {
      const retention = { 'cleanup.policy': 'compact,delete', 'retention.ms': aDayMore(spec.retentionMs) }
      return { ...base, ...retention, ...spec.changelogConfig }
    }
    case 'versioned':
      return { ...base, 'min.compaction.lag.ms': aDayMore(spec.historyRetentionMs), ...spec.changelogConfig }
    default:
      return { ...base, ...spec.changelogConfig }
  }
}

/** In case clocks drift. What has no end has the end of Java's times. */
function aDayMore(ms: number = 0): string {
  return Number.isSafeInteger(ms + dayMs) ? String(ms + dayMs) : '9223372036854775807'
}
