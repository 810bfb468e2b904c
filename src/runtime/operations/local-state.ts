/**
 * What an application keeps on this machine: its slots, who holds them, the state of tasks in them. Only state is ever
 * removed, under the lock of its slot; the lock and the identity of the slot stay, since with the identity the next start
 * ends what the last one left open. Links are not followed: what they lead to is another's, or of another application.
 */
import path from 'node:path'
import type { FileSystem } from '../../common/file-system.ts'
import { localLockSystem } from '../lock-system.ts'
import type { LockSystem } from '../lock-system.ts'
import { isSlotHeld, lockSlot } from '../slot-lock.ts'

export interface LocalSlot {
  readonly directory: string
  /** A process that is alive has it. */
  readonly isHeld: boolean
  /** Directories with state: of tasks, of global stores. */
  readonly state: readonly string[]
  /** Nothing that millrace makes: left alone. */
  readonly foreign: readonly string[]
}

export interface LocalState {
  /** `<stateDir>/<applicationId>`. */
  readonly directory: string
  readonly slots: readonly LocalSlot[]
  readonly foreign: readonly string[]
}

export interface LocalStateOptions {
  readonly stateDir: string
  readonly applicationId: string
  readonly fileSystem: FileSystem
  readonly lockSystem?: LockSystem
}

const slotName = /^\d{1,4}$/
const stateName = /^(?:\d+_\d+(?:\.removed)?|global)$/
const ownName = /^(?:slot\.json(?:\.new|\.damaged-\d+)?|lock\..+)$/

export async function localState(options: LocalStateOptions): Promise<LocalState> {
  const { fileSystem, lockSystem = localLockSystem } = options
  const directory = path.resolve(options.stateDir, options.applicationId)
  const names = (await namesIn(fileSystem, directory)).toSorted((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1))
  const slots: LocalSlot[] = []
  const foreign: string[] = []
  for (const name of names) {
    const isSlot = slotName.test(name) && !(await fileSystem.isLink(path.join(directory, name)))
    if (isSlot) slots.push(await localSlot(path.join(directory, name), fileSystem, lockSystem))
    else foreign.push(name)
  }
  return { directory, slots, foreign }
}

async function localSlot(directory: string, fileSystem: FileSystem, lockSystem: LockSystem): Promise<LocalSlot> {
  const names = (await namesIn(fileSystem, directory)).toSorted()
  return {
    directory,
    isHeld: await isSlotHeld(directory, lockSystem),
    state: names.filter((name) => stateName.test(name)),
    foreign: names.filter((name) => !stateName.test(name) && !ownName.test(name)),
  }
}

/** What is no directory is empty. */
async function namesIn(fileSystem: FileSystem, directory: string): Promise<string[]> {
  try {
    return await fileSystem.list(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return []
    throw error
  }
}

/** Returns the directories that were removed, and the slots that a process has taken meanwhile. */
export async function removeLocalState(
  { slots }: LocalState,
  { fileSystem, lockSystem = localLockSystem }: Pick<LocalStateOptions, 'fileSystem' | 'lockSystem'>,
): Promise<{ readonly removed: readonly string[]; readonly held: readonly string[] }> {
  const removed: string[] = []
  const held: string[] = []
  for (const { directory, state } of slots) {
    if (state.length === 0 || (await fileSystem.isLink(directory))) continue
    const lock = await lockSlot(directory, lockSystem)
    if (lock === undefined) {
      held.push(directory)
      continue
    }
    try {
      for (const name of state) {
        await fileSystem.remove(path.join(directory, name))
        removed.push(path.join(directory, name))
      }
    } finally {
      await lock.release()
    }
  }
  return { removed, held }
}
