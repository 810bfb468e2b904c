import { expect, test } from 'vitest'
import { kafkaFault } from '../../../../src/kafka/client/kafka-faults.ts'
import { errorCodes } from '../../../../src/kafka/protocol/error-codes.ts'

const needs = { topic: 'Read', group: 'Describe', transactionalId: 'Write', cluster: 'Create' }

test.each([
  ['TOPIC_AUTHORIZATION_FAILED', { topic: 'orders' }, "Read on the topic 'orders'", '--operation Read --topic orders'],
  ['GROUP_AUTHORIZATION_FAILED', { groupId: 'app' }, "Describe on the group 'app'", '--operation Describe --group app'],
  [
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    { transactionalId: 'app-1' },
    "Write on the transactional id 'app-1'",
    '--operation Write --transactional-id app-1',
  ],
  ['CLUSTER_AUTHORIZATION_FAILED', {}, 'Create on the cluster', '--operation Create --cluster'],
  ['TOPIC_AUTHORIZATION_FAILED', {}, 'Read on the topic;', '--operation Read --topic <topic>'],
] as const)('%s names the resource, the operation, and the command that grants it', (name, subject, words, command) => {
  const fault = kafkaFault(errorCodes[name], { what: 'Doing it', needs, ...subject })
  expect(fault).toMatchObject({ code: 'MILLRACE_KAFKA_AUTHORIZATION', reaction: 'fatal', kafkaCode: errorCodes[name] })
  expect(fault.message).toContain(`Doing it: the broker answered ${name}. The principal lacks the operation ${words}`)
  expect(fault.message).toMatch(/kafka-acls\.sh --add --allow-principal User:<name> /)
  expect(fault.message.endsWith(command)).toBe(true)
})

test('where the operation is not known, the resource is named all the same', () => {
  const fault = kafkaFault(errorCodes.GROUP_AUTHORIZATION_FAILED, { what: 'Doing it', groupId: 'app' })
  expect(fault.message).toContain("lacks an ACL on the group 'app'.")
})
