import type { Timer } from '../../common/clock.ts'
import { KafkaError } from '../../errors/kafka-error.ts'
import { reactionOf } from '../../errors/streams-error.ts'
import { apis } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import type { Cluster } from './cluster.ts'
import type { GroupIdentity, GroupOptions } from './kafka-client.ts'
import { kafkaFault } from './kafka-faults.ts'

export interface HeartbeatEvents {
  /** The coordinator waits for everybody to join again. */
  onRebalance(): void
  /** The member is out of its generation, or nothing was heard of the coordinator for a session's time. */
  onFenced(error: Error): void
  onFatal(error: Error): void
}

/** A coordinator that cannot be reached is asked again this soon, as long as the session may still be alive. */
const retryMs = 200

/**
 * Tells the coordinator at intervals that the member lives: on a timer and a connection of its own, whatever joins and
 * callbacks do meanwhile.
 */
export class Heartbeats {
  readonly #cluster: Cluster
  readonly #options: GroupOptions
  readonly #events: HeartbeatEvents
  #identity: GroupIdentity | undefined
  #heardAtMs = 0
  #timer: Timer | undefined

  constructor(cluster: Cluster, options: GroupOptions, events: HeartbeatEvents) {
    this.#cluster = cluster
    this.#options = options
    this.#events = events
  }

  start(identity: GroupIdentity): void {
    this.#identity = identity
    this.#heardAtMs = this.#cluster.clock.now()
    this.#schedule(this.#options.heartbeatIntervalMs)
  }

  stop(): void {
    this.#identity = undefined
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel()
    this.#timer = this.#cluster.clock.setTimer(delayMs, () => void this.#beat())
  }

  async #beat(): Promise<void> {
    const identity = this.#identity
    if (identity === undefined || this.#cluster.closing.aborted) return
    let delayMs = this.#options.heartbeatIntervalMs
    try {
      await this.#send(identity)
      this.#heardAtMs = this.#cluster.clock.now()
    } catch (error) {
      if (this.#identity !== identity) return
      delayMs = Math.min(delayMs, retryMs)
      this.#onFault(error instanceof Error ? error : new Error(String(error)))
    }
    if (this.#identity === identity) this.#schedule(delayMs)
  }

  async #send(identity: GroupIdentity): Promise<void> {
    const { groupId, generationId, memberId, instanceId } = identity
    const nodeId = await this.#cluster.coordinator('group', groupId)
    const { errorCode } = await this.#cluster.send(
      nodeId,
      `heartbeat ${groupId}`,
      apis.Heartbeat,
      { groupId, generationId, memberId, groupInstanceId: instanceId ?? null },
      { timeoutMs: Math.max(1000, Math.min(this.#options.sessionTimeoutMs / 3, this.#cluster.requestTimeoutMs)) },
    )
    if (this.#identity !== identity || errorCode === errorCodes.NONE) return
    if (errorCode === errorCodes.REBALANCE_IN_PROGRESS) this.#events.onRebalance()
    else {
      const what = `Heartbeat of ${memberId} in the group ${groupId}`
      throw kafkaFault(errorCode, { what, groupId, needs: { group: 'Read' } })
    }
  }

  #onFault(error: Error): void {
    const { groupId, sessionTimeoutMs } = this.#options
    this.#cluster.noteCoordinatorFault('group', groupId, error)
    const reaction = reactionOf(error)
    if (reaction === 'member-fenced') {
      this.stop()
      this.#events.onFenced(error)
    } else if (reaction !== 'retriable') {
      this.stop()
      this.#events.onFatal(error)
    } else if (this.#cluster.clock.now() - this.#heardAtMs > sessionTimeoutMs) {
      this.stop()
      this.#events.onFenced(
        new KafkaError(
          'MILLRACE_MEMBER_FENCED',
          `The coordinator of the group ${groupId} could not be reached for ${sessionTimeoutMs} ms (sessionTimeoutMs): ` +
            'the partitions may belong to another member by now.',
          { cause: error, reaction: 'member-fenced' },
        ),
      )
    }
  }
}
