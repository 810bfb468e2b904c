import { sleep } from '../../common/clock.ts'
import { deferred } from '../../common/deferred.ts'
import { StateMachine } from '../../common/state-machine.ts'
import { KafkaError } from '../../errors/kafka-error.ts'
import { reactionOf } from '../../errors/streams-error.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { backoffMs, clientClosed, defaultBackoff } from './backoff.ts'
import type { Cluster } from './cluster.ts'
import { ForeignMembers } from './foreign-members.ts'
import { JoinRequests } from './join-requests.ts'
import { Heartbeats } from './heartbeats.ts'
import type { GroupHandler, GroupIdentity, GroupMembership, GroupOptions } from './kafka-client.ts'
import { kafkaCodeOf } from './kafka-faults.ts'

const foreignMembersWaitMs = 300_000

type MemberState = 'unjoined' | 'preparing' | 'joining' | 'assigning' | 'stable' | 'losing' | 'left' | 'fatal'

/** `preparing`: the handler stops at a commit. `assigning`: it takes over. Any of them may be left for good. */
const transitions: Readonly<Record<MemberState, readonly MemberState[]>> = {
  unjoined: ['joining', 'losing', 'left', 'fatal'],
  preparing: ['preparing', 'joining', 'losing', 'left', 'fatal'],
  joining: ['unjoined', 'assigning', 'preparing', 'losing', 'left', 'fatal'],
  assigning: ['stable', 'preparing', 'losing', 'left', 'fatal'],
  stable: ['preparing', 'losing', 'left', 'fatal'],
  losing: ['unjoined', 'left', 'fatal'],
  left: ['left'],
  fatal: ['left', 'fatal'],
}

/**
 * A member of a classic group (KIP-62, 394, 345): joins, takes its assignment, and joins again when the coordinator or
 * the thread asks for it. Calls to the handler are one at a time and awaited. No JoinGroup is sent before
 * `onPrepareJoin` has settled, nor after a fencing before `onLost` has.
 */
export class ClassicMembership implements GroupMembership {
  readonly #cluster: Cluster
  readonly #options: GroupOptions
  readonly #handler: GroupHandler
  readonly #requests: JoinRequests
  readonly #heartbeats: Heartbeats
  readonly #foreign: ForeignMembers
  readonly #state: StateMachine<MemberState>
  readonly #joined = deferred()
  #memberId = ''
  #generationId = -1
  #isAssigned = false
  /** The last generation whose assignment the handler was given. */
  #assignedGeneration = -1
  #reason = 'first join'
  #fenced: Error | undefined
  #fatal: Error | undefined
  #signal = deferred()
  #isRejoinWanted = false

  constructor(cluster: Cluster, options: GroupOptions, handler: GroupHandler) {
    this.#cluster = cluster
    this.#options = options
    this.#handler = handler
    this.#requests = new JoinRequests(cluster, options)
    this.#foreign = new ForeignMembers(cluster, options.groupId, options.foreignMembersWaitMs ?? foreignMembersWaitMs)
    this.#state = new StateMachine<MemberState>(`group member of ${options.groupId}`, 'unjoined', transitions)
    this.#heartbeats = new Heartbeats(cluster, options, {
      onRebalance: () => this.requestRejoin('the group rebalances'),
      onFenced: (error) => this.#onFenced(error),
      onFatal: (error) => this.#onFatal(error),
    })
    // Who never waits for the first assignment is told of a failure by `onFatal`.
    this.#joined.promise.catch(() => undefined)
  }

  start(): Promise<void> {
    this.#run().catch((error: unknown) => this.#onFatal(error instanceof Error ? error : new Error(String(error))))
    return this.#joined.promise
  }

  requestRejoin(reason: string): void {
    if (this.#isRejoinWanted) return
    this.#isRejoinWanted = true
    this.#reason = reason
    this.#signal.resolve()
  }

  identity(): GroupIdentity {
    const { groupId, instanceId } = this.#options
    if (this.#generationId < 0 || this.#fenced !== undefined) {
      throw new KafkaError('MILLRACE_MEMBER_FENCED', `There is no generation of the group ${groupId} to act for.`, {
        cause: this.#fenced,
        reaction: 'member-fenced',
      })
    }
    return { groupId, instanceId, memberId: this.#memberId, generationId: this.#generationId }
  }

  /** Does not wait for a callback that is under way: who leaves may be the one who has to end it. */
  async leave(options: { readonly keepMembership?: boolean } = {}): Promise<void> {
    if (this.#isOver) return
    this.#state.become('left', 'leave')
    this.#heartbeats.stop()
    this.#signal.resolve()
    this.#joined.reject(clientClosed())
    this.#requests.interrupt()
    const memberId = this.#memberId
    this.#generationId = -1
    if (memberId !== '' && options.keepMembership !== true) await this.#requests.leave(memberId)
  }

  get #isOver(): boolean {
    return this.#state.is('left', 'fatal') || this.#cluster.closing.aborted
  }

  async #run(): Promise<void> {
    for (let faults = 0; !this.#isOver;) {
      try {
        await this.#rebalance()
        faults = 0
        await this.#waitForSignal()
      } catch (error) {
        if (this.#isOver) break
        await this.#recover(error, faults++)
      }
    }
    this.#heartbeats.stop()
    this.#joined.reject(this.#fatal ?? clientClosed())
  }

  /** From the wish to join to an assignment that the handler has taken. */
  async #rebalance(): Promise<void> {
    if (this.#isAssigned) {
      this.#state.become('preparing', 'rebalance')
      await this.#handler.onPrepareJoin(this.#deadlineMs())
    }
    this.#throwIfFenced()
    if (this.#isOver) return
    this.#state.become('joining', 'rebalance')
    this.#isRejoinWanted = false
    this.#signal = deferred()
    this.#heartbeats.stop()
    const join = await this.#requests.join(this.#memberId, this.#handler.subscription(), this.#reason, (memberId) =>
      this.#useMemberId(memberId),
    )
    if (this.#isOver) return this.#leaveBehind(join.memberId)
    await this.#useMemberId(join.memberId)
    this.#foreign.reset()
    this.#generationId = join.generationId
    const identity = this.identity()
    this.#heartbeats.start(identity)
    const assignments = join.members === undefined ? [] : await this.#handler.assign(join.members)
    const assignment = await this.#requests.sync(identity, join.protocolName, assignments)
    if (this.#isOver) return
    this.#throwIfFenced()
    this.#state.become('assigning', 'rebalance')
    const isLate = this.#isAssigned && identity.generationId > this.#assignedGeneration + 1
    this.#isAssigned = true
    this.#assignedGeneration = identity.generationId
    await this.#handler.onAssigned({ ...assignment, isLate })
    if (this.#isOver) return
    this.#throwIfFenced()
    this.#state.become('stable', 'rebalance')
    this.#joined.resolve()
  }

  async #useMemberId(memberId: string): Promise<void> {
    if (memberId === this.#memberId) return
    this.#memberId = memberId
    await this.#handler.onMemberId?.(memberId)
  }

  async #waitForSignal(): Promise<void> {
    if (!this.#isRejoinWanted && this.#fenced === undefined && !this.#isOver) {
      const onClosing = (): void => this.#signal.resolve()
      this.#cluster.closing.addEventListener('abort', onClosing, { once: true })
      await this.#signal.promise
      this.#cluster.closing.removeEventListener('abort', onClosing)
    }
    this.#throwIfFenced()
  }

  async #recover(error: unknown, faults: number): Promise<void> {
    const code = kafkaCodeOf(error)
    const { logger, clock, random, closing } = this.#cluster
    logger.info({ group: this.#options.groupId, cause: String(error) }, 'the group member joins again')
    if (reactionOf(error) === 'member-fenced') {
      await this.#lose(error as Error)
      // Another process has our instance id: joining again would only throw that one out.
      if (code === errorCodes.FENCED_INSTANCE_ID) this.#onFatal(error as Error)
      return
    }
    if (code === errorCodes.INCONSISTENT_GROUP_PROTOCOL && this.#state.is('joining') && !this.#isAssigned) {
      this.#state.become('unjoined', 'recover')
      if (await this.#foreign.wait()) return
    } else this.#foreign.reset()
    if (reactionOf(error) !== 'retriable') {
      this.#onFatal(error instanceof Error ? error : new Error(String(error)))
      return
    }
    if (this.#state.is('joining') && !this.#isAssigned) this.#state.become('unjoined', 'recover')
    // The group went on to another rebalance while we were in this one: there is nothing to wait for.
    if (code !== errorCodes.REBALANCE_IN_PROGRESS) {
      await sleep(clock, backoffMs(defaultBackoff, faults, random), closing)
    }
  }

  async #lose(error: Error): Promise<void> {
    this.#state.become('losing', 'lose')
    this.#heartbeats.stop()
    this.#generationId = -1
    if (kafkaCodeOf(error) !== errorCodes.ILLEGAL_GENERATION) this.#memberId = ''
    this.#fenced = undefined
    const wasAssigned = this.#isAssigned
    this.#isAssigned = false
    if (wasAssigned) await this.#handler.onLost(error)
    if (!this.#isOver) this.#state.become('unjoined', 'lose')
  }

  #onFenced(error: Error): void {
    this.#fenced = error
    this.#signal.resolve()
  }

  #onFatal(error: Error): void {
    if (this.#isOver) return
    this.#state.become('fatal', 'a failure')
    this.#fatal = error
    this.#generationId = -1
    this.#heartbeats.stop()
    this.#signal.resolve()
    this.#joined.reject(error)
    this.#handler.onFatal(error)
  }

  #throwIfFenced(): void {
    if (this.#fenced !== undefined) throw this.#fenced
  }

  /** An id that is taken and not used holds up the next rebalance (KIP-394). */
  async #leaveBehind(memberId: string): Promise<void> {
    if (!this.#cluster.closing.aborted) await this.#requests.leave(memberId)
  }

  /** The coordinator's rebalance began up to a heartbeat ago, and the join takes some time, too. */
  #deadlineMs(): number {
    const { rebalanceTimeoutMs, heartbeatIntervalMs } = this.#options
    return this.#cluster.clock.now() + Math.max(rebalanceTimeoutMs / 2, rebalanceTimeoutMs - 2 * heartbeatIntervalMs)
  }
}
