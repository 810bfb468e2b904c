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
import type { OpenSlot, SlotLeft, SlotOptions, SlotRecord, StateSlot } from './state-slot.ts'

/** Instances of one application with one state directory. */
const maxSlots = 1000

const nothingLeft: SlotLeft = { transactionalIds: [], memberIds: [] }

/** Takes slots of a real disk. `fileSystem` is for the record; the lock asks the operating system itself. */
export function slotOpener(fileSystem: FileSystem, lockSystem: LockSystem = localLockSystem): OpenSlot {
  return async (options) => {
    const home = path.resolve(options.stateDir, options.applicationId)
    for (let number = 0; number < maxSlots; number++) {
      const directory = path.join(home, String(number))
      const slot = await explaining(options.stateDir, directory, () =>
        openSlot(fileSystem, lockSystem, directory, options),
      )
      if (slot !== undefined) return slot
    }
    throw new StateDirectoryError(
      'MILLRACE_STATE_DIR_CROWDED',
      home,
      `all ${maxSlots} slots of ${home} are held by running processes; set another stateDir`,
    )
  }
}

async function openSlot(
  fileSystem: FileSystem,
  lockSystem: LockSystem,
  directory: string,
  options: SlotOptions,
): Promise<StateSlot | undefined> {
  const lock = await lockSlot(directory, lockSystem)
  if (lock === undefined) return undefined
  try {
    await fileSystem.makeDirectory(directory)
    const found = await readSlotFile(fileSystem, directory, options.logger ?? silentLogger)
    const contents = found ?? { processId: (options.random ?? systemRandom).uuid(), holders: [] }
    if (found === undefined) await writeSlotFile(fileSystem, directory, contents)
    return new HeldSlot(fileSystem, directory, lock, contents, options)
  } catch (error) {
    await lock.release()
    throw error
  }
}

class HeldSlot implements StateSlot {
  readonly directory: string
  readonly processId: string
  readonly #fileSystem: FileSystem
  readonly #lock: SlotLock
  readonly #options: SlotOptions
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
    { processId, holders }: SlotContents,
    options: SlotOptions,
  ) {
    this.directory = directory
    this.processId = processId
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
