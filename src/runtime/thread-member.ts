/** How a stream thread takes part in its group: what it tells the leader, what it does as the leader. */
import { RuntimeError, runtimeErrors } from '../errors/runtime-error.ts'
import { StreamsError } from '../errors/streams-error.ts'
import type { GroupHandler, Producer } from '../kafka/client/kafka-client.ts'
import { GroupLeader } from './assignment/group-leader.ts'
import { encodeSubscription } from './assignment/user-data.ts'
import type { AssignmentInfo, TaskOwners } from './assignment/user-data.ts'
import type { Mailbox } from './mailbox.ts'
import type { Assigned, ThreadOptions } from './thread-options.ts'
import { userSourceTopics } from './topology-plan.ts'

/** What a member tells the leader of its tasks. */
export interface Ownership {
  readonly tasks: readonly string[]
  /** With state on disk, owned or not. */
  readonly localTasks: readonly string[]
  readonly owners: TaskOwners
  readonly ownersVersion: number
}

export interface MemberCallbacks {
  readonly mailbox: Mailbox<Assigned>
  readonly ownership: () => Ownership
  readonly onFatal: (error: Error) => void
  /** This member leads. */
  readonly onPlanned: (topics: ReadonlyMap<string, number>) => void
}

/** Everything that concerns tasks goes through the mailbox; only the leader's work is done at once. */
export function groupHandler(
  options: ThreadOptions,
  { mailbox, ownership, onFatal, onPlanned }: MemberCallbacks,
): GroupHandler {
  const { topology, names, client, config, logger, identity, threadId } = options
  const topics = [
    ...userSourceTopics(topology, names),
    ...topology.repartitionTopics.map(({ name }) => names.onBroker(name)),
  ]
  const leader = new GroupLeader({
    client,
    topology,
    names,
    applicationId: config.applicationId,
    replicationFactor: config.replicationFactor,
    logger,
    onPlanned,
  })
  return {
    subscription: () => ({ topics, ownedPartitions: [], userData: subscription(options, ownership()) }),
    assign: (members) => leader.assign(members),
    onPrepareJoin: (deadlineMs) => mailbox.send({ kind: 'prepareJoin', deadlineMs }),
    onAssigned: (assignment) => mailbox.send({ kind: 'assigned', assignment }),
    onLost: (cause) => mailbox.send({ kind: 'lost', cause }),
    onFatal,
    async onMemberId(memberId) {
      await identity.useMemberId(threadId, memberId)
      // Beside the JoinGroup that follows.
      void identity.removePredecessors(client)
    },
  }
}

function subscription({ identity, fingerprint, threadId, http }: ThreadOptions, ownership: Ownership): Buffer {
  const { tasks, localTasks, owners, ownersVersion } = ownership
  return encodeSubscription({
    processId: identity.processId,
    startId: identity.startId,
    startedAtMs: identity.startedAtMs,
    transactionalId: identity.transactionalId(threadId),
    host: identity.host,
    directory: identity.directory,
    replaces: identity.replaces,
    http,
    topologyFingerprint: fingerprint,
    tasks,
    localTasks: localTasks.filter((task) => !tasks.includes(task)),
    owners,
    ownersVersion,
  })
}

/** An election after a broker's death takes about ten seconds; batches wait that long and longer. */
const deliveryTimeoutMinMs = 30_000

/** A producer that has its identity: whoever used its transactional id before is fenced. */
export async function openProducer({ client, config, identity, threadId }: ThreadOptions): Promise<Producer> {
  const id = identity.transactionalId(threadId)
  await identity.useTransactionalId(id)
  const producer = client.producer({
    ...(id !== undefined && {
      transactionalId: id,
      transactionTimeoutMs: config.transactionTimeoutMs,
      // The broker ends the transaction itself by then; what is undelivered is rolled back and processed again.
      deliveryTimeoutMs: Math.max(deliveryTimeoutMinMs, 2 * config.transactionTimeoutMs),
    }),
    compression: config.compression,
    bufferMaxBytes: config.uncommittedMaxBytes,
  })
  await producer.init()
  return producer
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
      `create ${many ? 'them' : 'it'} (with as many partitions as the application shall have tasks; 'millrace topics apply' does it), or correct the name in the topology`,
    { topic: first },
  )
}

/** The leader told this member to stop: its error, with the leader's words. */
export function assignmentRefused(error: NonNullable<AssignmentInfo['error']>): StreamsError {
  if (!(error.code in runtimeErrors)) return new StreamsError(error.code as StreamsError['code'], error.message)
  const code = error.code as keyof typeof runtimeErrors
  return new RuntimeError(code, error.message, error.topic === undefined ? {} : { topic: error.topic })
}
