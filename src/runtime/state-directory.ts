/**
 * Which slot of the state directory this instance works in, and what it leaves there for the next one. The lock is
 * `slot-lock.ts`, the file `slot-record.ts`; this one is the order in which they are used: nothing is written without
 * the lock, and the lock ends after the last write.
 */
import { hostname } from 'node:os'
import path from 'node:path'
import type { FileSystem } from '../common/file-system.ts'
import { silentLogger } from '../common/logger.ts'
import { systemRandom } from '../common/random.ts'
import { StateDirectoryError } from '../errors/state-error.ts'
import { StreamsError } from '../errors/streams-error.ts'
import { localLockSystem, type LockSystem } from './lock-system.ts'
import { lockSlot, type SlotLock } from './slot-lock.ts'
import { maxHolders, readSlotFile, writeSlotFile, type SlotContents } from './slot-record.ts'
import { localTasks } from './task-directories.ts'
import type { OpenSlot, SlotLeft, SlotOptions, SlotRecord, StateSlot } from './state-slot.ts'

/** Instances of one application with one state directory. */
const maxSlots = 1000

const nothingLeft: SlotLeft = { transactionalIds: [], memberIds: [] }

/** A free slot that cannot be used: offsets and topics of its state mean nothing in this cluster. */
interface ForeignSlot {
  readonly directory: string
  readonly clusterId: string
}

/** Takes slots of a real disk. `fileSystem` is for the record; the lock asks the operating system itself. */
export function slotOpener(fileSystem: FileSystem, lockSystem: LockSystem = localLockSystem): OpenSlot {
  return async (options) => {
    const home = path.resolve(options.stateDir, options.applicationId)
    const foreign: ForeignSlot[] = []
    for (let number = 0; number < maxSlots; number++) {
      const directory = path.join(home, String(number))
      const slot = await explaining(options.stateDir, directory, () =>
        openSlot(fileSystem, lockSystem, directory, options, foreign),
      )
      if (slot === undefined) continue
      if (foreign.length > 0) warnOfForeign(foreign, slot.directory, options)
      return slot
    }
    throw crowded(home, foreign.length)
  }
}

async function openSlot(
  fileSystem: FileSystem,
  lockSystem: LockSystem,
  directory: string,
  options: SlotOptions,
  foreign: ForeignSlot[],
): Promise<HeldSlot | undefined> {
  const lock = await lockSlot(directory, lockSystem)
  if (lock === undefined) return undefined
  let slot: HeldSlot | undefined
  try {
    await fileSystem.makeDirectory(directory)
    const found = await readSlotFile(fileSystem, directory, options.logger ?? silentLogger)
    const clusterId = options.clusterId ?? found?.clusterId
    if (found?.clusterId !== undefined && found.clusterId !== clusterId) {
      const isEmpty = found.holders.length === 0 && (await localTasks(directory, fileSystem)).length === 0
      if (!isEmpty) {
        foreign.push({ directory, clusterId: found.clusterId })
        return undefined
      }
    }
    const { processId, holders } = found ?? { processId: (options.random ?? systemRandom).uuid(), holders: [] }
    const contents = { processId, clusterId, holders }
    if (found === undefined || found.clusterId !== clusterId) await writeSlotFile(fileSystem, directory, contents)
    slot = new HeldSlot(fileSystem, directory, lock, contents, options)
    return slot
  } finally {
    if (slot === undefined) await lock.release()
  }
}

function warnOfForeign(foreign: readonly ForeignSlot[], used: string, { clusterId, logger }: SlotOptions): void {
  const shown = foreign.slice(0, 3)
  const more = foreign.length > shown.length ? ` and ${foreign.length - shown.length} more` : ''
  const directories = shown.map(({ directory }) => directory).join(', ') + more
  const clusters = shown.map((slot) => slot.clusterId).join(', ') + more
  logger?.warn(
    { slots: foreign.length, directory: used, clusterId },
    `the state in ${directories} belongs to the Kafka cluster${foreign.length === 1 ? '' : 's'} ${clusters}, and this is ` +
      `${clusterId}; it stays as it is, and ${used} is used. Remove it when it is not needed`,
  )
}

function crowded(home: string, foreign: number): StateDirectoryError {
  const others = foreign === 0 ? '' : ` or, ${foreign} of them, have state of other Kafka clusters`
  const toDo = foreign === 0 ? 'set another stateDir' : 'remove those that are not needed, or set another stateDir'
  const message = `all ${maxSlots} slots of ${home} are held by running processes${others}; ${toDo}`
  return new StateDirectoryError('MILLRACE_STATE_DIR_CROWDED', home, message)
}

class HeldSlot implements StateSlot {
  readonly directory: string
  readonly processId: string
  readonly #fileSystem: FileSystem
  readonly #lock: SlotLock
  readonly #options: SlotOptions
  readonly #clusterId: string | undefined
  #predecessors: readonly SlotRecord[]
  #left: SlotLeft = nothingLeft
  /** Ends when the last write that was asked for is done, well or not. */
  #written: Promise<unknown> = Promise.resolve()
  /** A write that has not begun; it will take what is true then. */
  #next: Promise<void> | undefined
  #released: Promise<void> | undefined

  constructor(
    fileSystem: FileSystem,
    directory: string,
    lock: SlotLock,
    { processId, clusterId, holders }: SlotContents,
    options: SlotOptions,
  ) {
    this.directory = directory
    this.processId = processId
    this.#clusterId = clusterId
    this.#fileSystem = fileSystem
    this.#lock = lock
    this.#options = options
    this.#predecessors = holders.slice(-maxHolders)
  }

  get predecessors(): readonly SlotRecord[] {
    return this.#predecessors
  }

  remember(left: SlotLeft): Promise<void> {
    this.#left = left
    return this.#save()
  }

  settlePredecessors(): Promise<void> {
    this.#predecessors = []
    return this.#save()
  }

  isHeld(): Promise<boolean> {
    return explaining(this.#options.stateDir, this.directory, () => this.#lock.isHeld())
  }

  release(left: SlotLeft = nothingLeft): Promise<void> {
    this.#released ??= this.#release(left)
    return this.#released
  }

  async #release(left: SlotLeft): Promise<void> {
    this.#left = left
    try {
      await this.#save()
    } catch (error) {
      // The next holder ends once more what has ended already.
      const facts = { directory: this.directory, error: (error as Error).message }
      this.#options.logger?.warn(facts, 'the record of the slot could not be written at its end')
    } finally {
      await this.#lock.release()
    }
  }

  #save(): Promise<void> {
    if (this.#next !== undefined) return this.#next
    const next = this.#written.then(() => {
      this.#next = undefined
      return explaining(this.#options.stateDir, this.directory, () => this.#write())
    })
    this.#next = next
    this.#written = next.catch(() => undefined)
    return next
  }

  async #write(): Promise<void> {
    // Whoever took the slot has a record of its own there.
    if (!(await this.#lock.isHeld())) throw lost(this.directory)
    const { startId, startedAtMs } = this.#options
    const { transactionalIds, memberIds, owners } = this.#left
    const leavesNothing = transactionalIds.length === 0 && memberIds.length === 0
    const own: SlotRecord = { startId, startedAtMs, host: hostname(), transactionalIds, memberIds, owners }
    const holders = leavesNothing ? this.#predecessors : [...this.#predecessors, own]
    await writeSlotFile(this.#fileSystem, this.directory, {
      processId: this.processId,
      clusterId: this.#clusterId,
      holders: holders.slice(-maxHolders),
    })
  }
}

function lost(directory: string): StateDirectoryError {
  return new StateDirectoryError(
    'MILLRACE_STATE_SLOT_LOST',
    directory,
    `this process no longer holds ${directory}: it released it, its lock was deleted, or another process has it. State ` +
      `there must not be written any more; restart the process, and leave the directory of a running one alone`,
  )
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only; a container needs a volume for it',
  ENOSPC: 'the disk is full',
  EDQUOT: "this user's quota is used up",
  ENOTDIR: 'a part of the path is not a directory',
  EEXIST: 'a part of the path is not a directory',
  EMFILE: 'this process has too many open files',
  ENFILE: 'the machine has too many open files',
}

/** Says of a system error which directory it concerns and what to do. */
async function explaining<T>(stateDir: string, directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StreamsError) throw error
    const { code = '', message } = error as NodeJS.ErrnoException
    throw new StateDirectoryError(
      'MILLRACE_STATE_DIR_UNUSABLE',
      directory,
      `the state directory ${directory} cannot be used: ${reasons[code] ?? 'the system refused'} (${message}). Correct ` +
        `that, or set stateDir (now ${stateDir}) to a directory that this process can write`,
      { cause: error },
    )
  }
}
