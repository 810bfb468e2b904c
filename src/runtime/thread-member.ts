/** How a stream thread takes part in its group: what it tells the leader, what it does as the leader. */
import { RuntimeError, runtimeErrors } from '../errors/runtime-error.ts'
import { StreamsError } from '../errors/streams-error.ts'
import type { GroupHandler, Producer } from '../kafka/client/kafka-client.ts'
import { assignGroup } from './assignment/group-leader.ts'
import { encodeSubscription } from './assignment/user-data.ts'
import type { AssignmentInfo } from './assignment/user-data.ts'
import type { Mailbox } from './mailbox.ts'
import type { Assigned, ThreadOptions } from './thread-options.ts'
import { userSourceTopics } from './topology-plan.ts'

export interface MemberCallbacks {
  readonly mailbox: Mailbox<Assigned>
  readonly ownedTasks: () => readonly string[]
  readonly onFatal: (error: Error) => void
}

/** Everything that concerns tasks goes through the mailbox; only the leader's work is done at once. */
export function groupHandler(options: ThreadOptions, { mailbox, ownedTasks, onFatal }: MemberCallbacks): GroupHandler {
  const { topology, names, client, config, logger } = options
  const topics = [
    ...userSourceTopics(topology, names),
    ...topology.repartitionTopics.map(({ name }) => names.onBroker(name)),
  ]
  const leader = {
    client,
    topology,
    names,
    applicationId: config.applicationId,
    replicationFactor: config.replicationFactor,
    logger,
  }
  return {
    subscription: () => ({ topics, ownedPartitions: [], userData: subscription(options, ownedTasks()) }),
    assign: (members) => assignGroup(leader, members),
    onPrepareJoin: (deadlineMs) => mailbox.send({ kind: 'prepareJoin', deadlineMs }),
    onAssigned: (assignment) => mailbox.send({ kind: 'assigned', assignment }),
    onLost: (cause) => mailbox.send({ kind: 'lost', cause }),
    onFatal,
  }
}

function subscription(options: ThreadOptions, tasks: readonly string[]): Buffer {
  const { processId, startedAtMs, fingerprint } = options
  return encodeSubscription({
    processId,
    transactionalId: transactionalId(options),
    startedAtMs,
    topologyFingerprint: fingerprint,
    tasks,
  })
}

/** Kafka Streams' rule: one per thread (ActiveTaskCreator.java); undefined where nothing is transactional. */
function transactionalId({ config, processId, threadId }: ThreadOptions): string | undefined {
  return config.processingGuarantee === 'exactly_once' ? `${config.applicationId}-${processId}-${threadId}` : undefined
}

/** An election after a broker's death takes about ten seconds; batches wait that long and longer. */
const deliveryTimeoutMinMs = 30_000

export function newProducer(options: ThreadOptions): Producer {
  const { client, config } = options
  const id = transactionalId(options)
  return client.producer({
    ...(id !== undefined && {
      transactionalId: id,
      transactionTimeoutMs: config.transactionTimeoutMs,
      // The broker ends the transaction itself by then; what is undelivered is rolled back and processed again.
      deliveryTimeoutMs: Math.max(deliveryTimeoutMinMs, 2 * config.transactionTimeoutMs),
    }),
    compression: config.compression,
    bufferMaxBytes: config.uncommittedMaxBytes,
  })
}

/** Before joining, so that a misspelt topic ends in its error and not in a rebalance of everybody. */
export async function requireSourceTopics({ client, topology, names }: ThreadOptions): Promise<void> {
  const topics = userSourceTopics(topology, names)
  const found = await client.describeTopics(topics)
  const missing = topics.filter((topic) => !found.has(topic))
  const [first] = missing
  if (first === undefined) return
  const many = missing.length > 1
  throw new RuntimeError(
    'MILLRACE_SOURCE_TOPIC_MISSING',
    `the input topic${many ? 's' : ''} ${missing.map((topic) => `'${topic}'`).join(', ')} ${many ? 'do' : 'does'} not exist; ` +
      `create ${many ? 'them' : 'it'} (with as many partitions as the application shall have tasks), or correct the name in the topology`,
    { topic: first },
  )
}

/** The leader told this member to stop: its error, with the leader's words. */
export function assignmentRefused(error: NonNullable<AssignmentInfo['error']>): StreamsError {
  if (!(error.code in runtimeErrors)) return new StreamsError(error.code as StreamsError['code'], error.message)
  const code = error.code as keyof typeof runtimeErrors
  return new RuntimeError(code, error.message, error.topic === undefined ? {} : { topic: error.topic })
}
