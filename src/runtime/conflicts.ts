/**
 * Another member claims to be this one: a former membership that is dead, or a copy of the state directory that runs.
 * Whoever has lost its slot stops; who has it removes the dead one; of two that run, the leader's verdict names who
 * stops (`assignment/duplicates.ts`).
 */
import type { Logger } from '../common/logger.ts'
import { RuntimeError } from '../errors/runtime-error.ts'
import { StateDirectoryError } from '../errors/state-error.ts'
import { isPredecessor } from './assignment/duplicates.ts'
import type { ConflictingMember } from './assignment/user-data.ts'
import type { ThreadOptions } from './thread-options.ts'

export class Conflicts {
  readonly #options: Pick<ThreadOptions, 'identity' | 'client' | 'config'>
  readonly #logger: Logger
  #lastStartId: string | undefined

  constructor(options: Pick<ThreadOptions, 'identity' | 'client' | 'config'>, logger: Logger) {
    this.#options = options
    this.#logger = logger
  }

  /** Throws when another process has taken the slot. */
  async requireSlot(): Promise<void> {
    const { identity } = this.#options
    try {
      if (await identity.isHeld()) return
    } catch (error) {
      // A disk that gives no answer is no proof; the next check asks again.
      this.#logger.warn({ err: error, directory: identity.directory }, 'the lock of the slot could not be looked at')
      return
    }
    throw new StateDirectoryError(
      'MILLRACE_STATE_SLOT_LOST',
      identity.directory ?? '',
      `the state directory ${identity.directory} is no longer held by this process: its lock was removed or taken over, so another process may write there. This instance stops and commits nothing more; look for a second process on that directory, and never delete files of a running instance`,
    )
  }

  /** True when the group shall rebalance once more; throws where this instance has to stop. */
  async settle(conflict: ConflictingMember): Promise<boolean> {
    const { identity, client, config } = this.#options
    await this.requireSlot()
    const { startId, host, directory, replaces } = identity
    if (isPredecessor(conflict, { startId, host, directory, replaces })) {
      this.#logger.info({ conflict }, 'removing a membership that nobody is behind any more')
      await client.removeMembers(config.applicationId, [conflict.memberId])
      return true
    }
    // Who is dead cannot join the next generation: only who is named twice is alive.
    if (this.#lastStartId !== conflict.startId) {
      this.#lastStartId = conflict.startId
      return true
    }
    throw new RuntimeError(
      'MILLRACE_DUPLICATE_INSTANCE',
      `another running instance has the same identity (transactional id ${conflict.transactionalId ?? 'none'}): it is on host ${conflict.host} with the state directory ${conflict.directory ?? 'none'}, this one on ${host} with ${directory ?? 'none'}. One directory is a copy of the other, or both machines share one disk. This instance stops, nothing is lost; give it a directory of its own, or delete slot.json in the copy (its state may stay), and start it again`,
    )
  }
}
