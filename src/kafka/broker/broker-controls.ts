/** What a test or a simulation can do to the embedded broker that no client can. */
import { BrokerError } from '../../errors/broker-error.ts'
import type { BrokerNode, CoordinatorKind } from './broker-nodes.ts'
import type { BrokerConnection } from './broker-connection.ts'
import type { BrokerState } from './broker-state.ts'
import { compact } from './compaction.ts'
import type { CommittedOffset } from './group-offsets.ts'
import { coordinatorPartition, offsetsTopic } from './coordinator-partition.ts'
import type { NodeFreezer } from './node-freezer.ts'
import type { PartitionLog } from './partition-log.ts'
import { holdAction } from './request-rules.ts'
import type { ObservedRequest, RequestMatch, RequestPhase, RequestRules, Rule } from './request-rules.ts'
import type { Partition } from './topics.ts'

export interface HeldRequest extends Rule {
  /** Resolves when a request is being held. */
  readonly arrived: Promise<ObservedRequest>
  release(): void
}

export class BrokerControls {
  readonly #state: BrokerState
  readonly #rules: RequestRules
  readonly #freezer: NodeFreezer
  readonly #connections: ReadonlySet<BrokerConnection>

  constructor(
    state: BrokerState,
    rules: RequestRules,
    freezer: NodeFreezer,
    connections: ReadonlySet<BrokerConnection>,
  ) {
    this.#state = state
    this.#rules = rules
    this.#freezer = freezer
    this.#connections = connections
  }

  // --- single requests ----------------------------------------------------------------------------------------------

  /** Keeps the matching request (or its answer) until it is released; those behind it on its connection wait, too. */
  hold(phase: RequestPhase, match: RequestMatch): HeldRequest {
    const action = holdAction()
    const rule = this.#rules.add(phase, match, action)
    return {
      get hits() {
        return rule.hits
      },
      remove: () => rule.remove(),
      arrived: action.arrived.promise,
      release: () => {
        rule.remove()
        action.gate.resolve()
      },
    }
  }

  delay(phase: RequestPhase, match: RequestMatch, delayMs: number): Rule {
    return this.#rules.add(phase, match, { kind: 'delay', delayMs })
  }

  /** Not executed, or not answered; the connection stays open and silent from then on. */
  drop(phase: RequestPhase, match: RequestMatch): Rule {
    return this.#rules.add(phase, match, { kind: 'drop' })
  }

  /** The connection ends before the request is executed, or after it without the answer. */
  disconnect(phase: RequestPhase, match: RequestMatch): Rule {
    return this.#rules.add(phase, match, { kind: 'disconnect' })
  }

  /** Executed twice, as when a client repeats it; the second answer is sent. */
  duplicate(match: RequestMatch): Rule {
    return this.#rules.add('request', match, { kind: 'duplicate' })
  }

  /** Executed, and answered with something else. */
  alterAnswer(match: RequestMatch, alter: (answer: unknown) => unknown): Rule {
    return this.#rules.add('answer', match, { kind: 'alter', alter })
  }

  /** Sees every request before it is executed, until the returned function is called. */
  observe(observer: (request: ObservedRequest) => void): () => void {
    return this.#rules.observe(observer)
  }

  clearRules(): void {
    this.#rules.clear()
  }

  // --- nodes and connections ----------------------------------------------------------------------------------------

  closeConnections(match: { readonly nodeId?: number; readonly clientId?: string } = {}): number {
    const closing = [...this.#connections].filter(
      ({ node, clientId }) =>
        (match.nodeId === undefined || node.id === match.nodeId) &&
        (match.clientId === undefined || clientId === match.clientId),
    )
    for (const connection of closing) connection.close()
    return closing.length
  }

  /** Nothing is answered until `thaw`, as under SIGSTOP. Leaders stay where they are. */
  freezeNode(nodeId: number): void {
    this.#freezer.freeze(this.#node(nodeId))
  }

  thawNode(nodeId: number): void {
    this.#freezer.thaw(this.#node(nodeId))
  }

  /** Its connections end, new ones are refused, its leaderships go to other replicas. */
  stopNode(nodeId: number): void {
    this.#state.stopNode(this.#node(nodeId))
    this.closeConnections({ nodeId })
  }

  startNode(nodeId: number): void {
    this.#state.startNode(this.#node(nodeId))
  }

  /** With a new leader epoch; also within one node (`nodeId` of the present leader). */
  moveLeader(topic: string, partition: number, nodeId: number): void {
    this.#state.moveLeader(this.#partition(topic, partition), this.#node(nodeId).id)
  }

  /** `key`: the group id or transactional id. */
  moveCoordinator(kind: CoordinatorKind, key: string, nodeId: number): void {
    const partition = coordinatorPartition(key)
    this.#state.nodes.moveCoordinator(kind, partition, this.#node(nodeId).id)
    if (kind === 'group') this.#state.groups.moved(partition)
  }

  // --- transactions, groups, logs -----------------------------------------------------------------------------------

  /** Transaction markers of that partition wait until the returned function is called. */
  holdMarkers(topic: string, partition: number): () => void {
    return this.#state.markers.hold(topic, partition)
  }

  /** The same for the offsets that transactions commit for that group. */
  holdOffsetMarkers(groupId: string): () => void {
    return this.#state.markers.hold(offsetsTopic, coordinatorPartition(groupId))
  }

  /** As an upgrade or downgrade of the cluster's features does; connections learn it when they are made. */
  finalizeTransactionVersion(level: 0 | 2): void {
    this.#state.transactionVersion = level
  }

  /** As if its session had ended. */
  expireMember(groupId: string, memberId: string): void {
    if (this.#state.groups.get(groupId)?.classic.expire(memberId)) return
    throw new BrokerError('MILLRACE_BROKER_CONTROL', `expireMember: group ${groupId} has no member ${memberId}`)
  }

  memberIds(groupId: string): readonly string[] {
    return [...(this.#state.groups.get(groupId)?.classic.members ?? [])].map(({ memberId }) => memberId)
  }

  /** Now, whatever its size. */
  compact(topic: string, partition: number): void {
    compact(this.#partition(topic, partition), this.#state.clock.now())
  }

  // --- what is there, past all requests, for checks that must not rely on what they check ---------------------------

  /** A partition's log with everything in it: markers, aborted records, open transactions. */
  log(topic: string, partition: number): Pick<PartitionLog, 'batches' | 'endOffset' | 'lastStableOffset'> {
    return this.#partition(topic, partition).log
  }

  /** Of every topic that exists. */
  partitionCounts(): ReadonlyMap<string, number> {
    return new Map(this.#state.topics.all.map(({ name, partitions }) => [name, partitions.length]))
  }

  /** As another application's Produce: one whole batch, without transaction or sequence. */
  append(topic: string, partition: number, batch: Buffer): void {
    const target = this.#partition(topic, partition)
    target.log.append(batch, target.leaderEpoch)
    this.#state.appended(target)
  }

  committedOffsets(groupId: string): readonly CommittedOffset[] {
    return [...(this.#state.groups.get(groupId)?.offsets.all() ?? [])]
  }

  /** What the group's leader gave each member, by member id; undefined while it rebalances. */
  assignments(groupId: string): ReadonlyMap<string, Uint8Array> | undefined {
    const group = this.#state.groups.get(groupId)?.classic
    if (group?.state !== 'Stable') return undefined
    return new Map([...group.members].map(({ memberId, assignment }) => [memberId, assignment]))
  }

  /** Transactional ids whose transaction is open or has markers on their way. */
  openTransactions(): readonly string[] {
    const open = this.#state.transactions.all.filter(({ partitions }) => partitions.length > 0)
    return open.map(({ transactionalId }) => transactionalId)
  }

  #partition(topic: string, index: number): Partition {
    const partition = this.#state.topics.partition(topic, index)
    if (partition !== undefined) return partition
    throw new BrokerError('MILLRACE_BROKER_CONTROL', `the embedded broker has no partition ${topic}-${index}`)
  }

  #node(nodeId: number): BrokerNode {
    const node = this.#state.nodes.get(nodeId)
    if (node !== undefined) return node
    const known = this.#state.nodes.ids.join(', ')
    throw new BrokerError('MILLRACE_BROKER_CONTROL', `the embedded broker has no node ${nodeId}, only ${known}`)
  }
}
