/** Every topic config of Kafka 4.3.1 with its type and default (`TopicConfig`, `LogConfig`); those marked are obeyed. */
export type ConfigType = 'boolean' | 'string' | 'int' | 'long' | 'double' | 'list'

export interface ConfigDefinition {
  readonly type: ConfigType
  readonly default: string
  readonly min?: number
  readonly max?: number
  readonly values?: readonly string[]
  /** Other configs are kept and described, and have no effect on logs in memory. */
  readonly obeyed?: true
}

const maxLong = '9223372036854775807'
const weekMs = '604800000'

export const topicConfigTable: Readonly<Record<string, ConfigDefinition>> = {
  'cleanup.policy': { type: 'list', default: 'delete', values: ['compact', 'delete'], obeyed: true },
  'compression.gzip.level': { type: 'int', default: '-1' },
  'compression.lz4.level': { type: 'int', default: '9' },
  'compression.type': {
    type: 'string',
    default: 'producer',
    values: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
  },
  'compression.zstd.level': { type: 'int', default: '3' },
  'delete.retention.ms': { type: 'long', default: '86400000', min: 0, obeyed: true },
  'errors.deadletterqueue.group.enable': { type: 'boolean', default: 'false' },
  'file.delete.delay.ms': { type: 'long', default: '60000', min: 0 },
  'flush.messages': { type: 'long', default: maxLong, min: 1 },
  'flush.ms': { type: 'long', default: maxLong, min: 0 },
  'follower.replication.throttled.replicas': { type: 'list', default: '' },
  'index.interval.bytes': { type: 'int', default: '4096', min: 0 },
  'leader.replication.throttled.replicas': { type: 'list', default: '' },
  'local.retention.bytes': { type: 'long', default: '-2', min: -2 },
  'local.retention.ms': { type: 'long', default: '-2', min: -2 },
  'max.compaction.lag.ms': { type: 'long', default: maxLong, min: 1 },
  'max.message.bytes': { type: 'int', default: '1048588', min: 0, obeyed: true },
  'message.timestamp.after.max.ms': { type: 'long', default: '3600000', min: 0, obeyed: true },
  'message.timestamp.before.max.ms': { type: 'long', default: maxLong, min: 0, obeyed: true },
  'message.timestamp.type': {
    type: 'string',
    default: 'CreateTime',
    values: ['CreateTime', 'LogAppendTime'],
    obeyed: true,
  },
  'min.cleanable.dirty.ratio': { type: 'double', default: '0.5', min: 0, max: 1 },
  'min.compaction.lag.ms': { type: 'long', default: '0', min: 0 },
  'min.insync.replicas': { type: 'int', default: '1', min: 1 },
  preallocate: { type: 'boolean', default: 'false' },
  'remote.log.copy.disable': { type: 'boolean', default: 'false' },
  'remote.log.delete.on.disable': { type: 'boolean', default: 'false' },
  'remote.storage.enable': { type: 'boolean', default: 'false' },
  'retention.bytes': { type: 'long', default: '-1' },
  'retention.ms': { type: 'long', default: weekMs, min: -1 },
  'segment.bytes': { type: 'int', default: '1073741824', min: 1_048_576 },
  'segment.index.bytes': { type: 'int', default: '10485760', min: 4 },
  'segment.jitter.ms': { type: 'long', default: '0', min: 0 },
  'segment.ms': { type: 'long', default: weekMs, min: 1 },
  'unclean.leader.election.enable': { type: 'boolean', default: 'false' },
}

/** Their numbers in DescribeConfigs. */
export const configTypeIds: Readonly<Record<ConfigType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  long: 5,
  double: 6,
  list: 7,
}
