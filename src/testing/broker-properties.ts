/**
 * What brokers of Apache Kafka are configured with for tests, whatever runs them. On one broker transactions and groups
 * work at once; faults are noticed in seconds. The names are Kafka's.
 */

/** Broker configs by their names in Kafka: `{ 'message.max.bytes': 2_000_000 }`. */
export type BrokerProperties = Readonly<Record<string, string | number | boolean>>

export function brokerProperties(brokers: number): BrokerProperties {
  const copies = Math.min(3, brokers)
  const inSync = Math.min(2, brokers)
  return {
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': 4,
    // Kafka's own default is three copies, which one broker cannot have: no transaction would ever begin.
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 500,
    'num.partitions': 1,
    'auto.create.topics.enable': false,
    // Tests write records with timestamps of any age; retention would delete them half a minute later. Put off rather than
    // turned off, so that the defaults of topics stay Kafka's.
    'log.initial.task.delay.ms': 86_400_000,
    'log.cleaner.dedupe.buffer.size': 4_194_304,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'background.threads': 4,
    // A killed broker is gone after 3 s instead of 9.
    'broker.heartbeat.interval.ms': 500,
    'broker.session.timeout.ms': 3000,
    'controller.quorum.fetch.timeout.ms': 1000,
    'controller.quorum.election.timeout.ms': 500,
    'controller.quorum.election.backoff.max.ms': 200,
    // A single broker would wait for somebody to hand over to.
    'controlled.shutdown.enable': brokers > 1,
  }
}
