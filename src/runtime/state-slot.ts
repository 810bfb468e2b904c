/**
 * The place on disk that one running instance holds: `<stateDir>/<applicationId>/<slot>/`. It gives the instance an
 * identity that survives `kill -9`: who starts in the same slot again is the same process to the group, so it can end
 * what its predecessor left open without waiting for any time-out.
 */
import type { Logger } from '../common/logger.ts'
import type { Random } from '../common/random.ts'

/** What the holder of a slot left behind for the next one. */
export interface SlotRecord {
  /** Of one start of a process; another one at the next start. */
  readonly startId: string
  readonly startedAtMs: number
  readonly host: string
  /** Of its producers: a new one with the same id ends their open transactions. */
  readonly transactionalIds: readonly string[]
  /** Of its memberships that it did not end. */
  readonly memberIds: readonly string[]
  /** The newest map of tasks' owners that it was told (`assignment/task-owners.ts`): all members may die together. */
  readonly owners?: KnownOwners | undefined
}

export interface KnownOwners {
  readonly version: number
  readonly tasks: Readonly<Record<string, readonly string[]>>
}

/** What would have to be ended in the place of a holder that died now. */
export type SlotLeft = Pick<SlotRecord, 'transactionalIds' | 'memberIds' | 'owners'>

export interface StateSlot {
  /** Where the tasks' state is; undefined for an identity without a place (nothing is kept). */
  readonly directory: string | undefined
  /** A UUID, the same for everybody who ever held this slot. */
  readonly processId: string
  /** Those who held it before and left something that is not settled, the last one last. At most 16. */
  readonly predecessors: readonly SlotRecord[]
  /**
   * What this holder would leave behind, kept on disk before it resolves. Predecessors stay recorded until
   * `settlePredecessors`. Calls may overlap: the last one wins.
   */
  remember(left: SlotLeft): Promise<void>
  /** Everything that the predecessors left has been ended. */
  settlePredecessors(): Promise<void>
  /** False once somebody else has taken the slot; only a broken machine or a meddling hand makes that happen. */
  isHeld(): Promise<boolean>
  /** Ends the lock; without `left` it was a clean end and the record says so. Predecessors that are not settled stay. */
  release(left?: SlotLeft): Promise<void>
}

export interface SlotOptions {
  readonly stateDir: string
  readonly applicationId: string
  /** Of this start. */
  readonly startId: string
  readonly startedAtMs: number
  /** Of the Kafka cluster that was reached; undefined where it does not tell, and then every slot will do. */
  readonly clusterId?: string | undefined
  readonly random?: Random
  readonly logger?: Logger
}

/** Takes the first slot that nobody holds and that has no state of another Kafka cluster. */
export type OpenSlot = (options: SlotOptions) => Promise<StateSlot>
