import { describe, expect, it } from 'vitest'
import { brokerEnvironment } from '../../../src/testing/container-environment.ts'

const first = { id: 1, alias: 'kafka-1', host: '172.17.0.1', hostPort: 20_001 }
const brokers = [first, { ...first, id: 2, alias: 'kafka-2' }, { ...first, id: 3, alias: 'kafka-3' }]

describe('The environment of a broker in a container', () => {
  it('advertises the port on the host and the name in the network', () => {
    const environment = brokerEnvironment(first, brokers, {})
    expect(environment['KAFKA_ADVERTISED_LISTENERS']).toBe('HOST://172.17.0.1:20001,INTERNAL://kafka-1:9092')
    expect(environment['KAFKA_LISTENERS']).not.toContain('0.0.0.0')
    expect(environment['KAFKA_CONTROLLER_QUORUM_VOTERS']).toBe('1@kafka-1:9094,2@kafka-2:9094,3@kafka-3:9094')
  })

  it('lets one broker have transactions, and three lose one', () => {
    const name = 'KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR'
    expect(brokerEnvironment(first, [first], {})[name]).toBe('1')
    expect(brokerEnvironment(first, brokers, {})[name]).toBe('3')
    expect(brokerEnvironment(first, brokers, {})['KAFKA_MIN_INSYNC_REPLICAS']).toBe('2')
  })

  it('writes any property so that the image reads the same, and what a test gives wins', () => {
    const config = { 'num.partitions': 7, 'listener.name.host-a.some_thing': 'x' }
    const environment = brokerEnvironment(first, [first], config)
    expect(environment['KAFKA_NUM_PARTITIONS']).toBe('7')
    expect(environment['KAFKA_LISTENER_NAME_HOST___A_SOME__THING']).toBe('x')
  })
})
