/**
 * The environment that makes an image of Kafka a broker for tests: `apache/kafka` and `confluentinc/cp-kafka` both write
 * `KAFKA_…` variables into the broker's properties. The advertised port is known before the start, so that neither a start
 * script is needed nor another address after a restart.
 */
import { brokerProperties } from './broker-properties.ts'
import type { BrokerProperties } from './broker-properties.ts'

/** Inside of a container; on the host each broker has a port of its own. */
export const hostListenerPort = 9093
const internalPort = 9092
const controllerPort = 9094
/** Any valid one: the cluster lives as long as its containers. */
const clusterId = '4L6g3nShT-eMCtK--X86sw'

export interface ContainerBroker {
  readonly id: number
  /** Its name in the container network. */
  readonly alias: string
  /** Where clients on this machine find it. */
  readonly host: string
  readonly hostPort: number
}

export function internalAddress({ alias }: ContainerBroker): string {
  return `${alias}:${internalPort}`
}

export function brokerEnvironment(
  broker: ContainerBroker,
  all: readonly ContainerBroker[],
  config: BrokerProperties,
): Record<string, string> {
  const voters = all.map(({ id, alias }) => `${id}@${alias}:${controllerPort}`)
  const properties: BrokerProperties = {
    'process.roles': 'broker,controller',
    'node.id': broker.id,
    'controller.quorum.voters': voters.join(','),
    // Without a host: all addresses. 0.0.0.0 would be taken for an address that clients are told, and be refused.
    listeners: `HOST://:${hostListenerPort},INTERNAL://:${internalPort},CONTROLLER://:${controllerPort}`,
    'advertised.listeners': `HOST://${broker.host}:${broker.hostPort},INTERNAL://${internalAddress(broker)}`,
    'listener.security.protocol.map': 'HOST:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'INTERNAL',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': '/tmp/kraft-combined-logs',
    ...brokerProperties(all.length),
    ...config,
  }
  const entries = Object.entries(properties).map(([name, value]) => [variableName(name), String(value)])
  return { CLUSTER_ID: clusterId, KAFKA_HEAP_OPTS: '-Xmx512m -Xms128m', ...Object.fromEntries(entries) }
}

/** `.` is written `_`, `_` is `__`, `-` is `___` (KafkaDockerWrapper.scala; Confluent's images have the same rule). */
function variableName(property: string): string {
  const escaped = property.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_')
  return `KAFKA_${escaped.toUpperCase()}`
}
