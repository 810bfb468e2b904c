/**
 * Who holds a slot of the state directory. The lock is a listening local socket in a folder `lock.<n>` of the slot; the
 * highest number there holds, as long as its socket answers.
 *
 * A socket's file outlives its process, so somebody has to take the place of a dead one, and two who find it dead at the
 * same moment must not both do so. Hence nothing is ever unlinked and made again in its place:
 *
 * 1. Look for the highest number n. If its socket answers, the slot is held.
 * 2. Listen in a fresh folder of a unique name.
 * 3. Rename that folder to `lock.<n+1>`. The kernel refuses where such a folder is (it is not empty): somebody was
 *    faster, so look again.
 * 4. Look again: a higher number means that what was seen in 1 was long out of date. Then it is the other who holds.
 *
 * Two things make this safe. A number whose socket is dead stays dead: its folder cannot be replaced, because it is not
 * empty. And the highest number never falls: the holder removes only folders below its own, and its own stays when it
 * releases the slot. If it went away, the next would begin at 1 again, and somebody who slept since step 1 could still
 * put a higher number above it.
 */
import path from 'node:path'
import { systemRandom } from '../common/random.ts'
import { StateDirectoryError } from '../errors/state-error.ts'
import { localLockSystem, type LockListener, type LockSystem } from './lock-system.ts'

export interface SlotLock {
  /** Whether our number is still the highest, with our own socket in it. */
  isHeld(): Promise<boolean>
  /** Ends it; what is on disk stays as that of a dead process would. */
  release(): Promise<void>
}

const socketName = 'socket'
const freshPrefix = 'lock.new-'
const discardedPrefix = 'lock.old-'

/** Each further attempt means that another process took the slot and lost it within one look at it. */
const maxAttempts = 100

/** Of what a file system says that has no local sockets, or does not rename folders. */
const unsupported = new Set(['EOPNOTSUPP', 'ENOTSUP', 'EPERM', 'ENOSYS', 'EINVAL', 'EXDEV', 'EAFNOSUPPORT'])

/** Takes the slot, which is made where there is none; undefined where somebody else holds it. */
export async function lockSlot(directory: string, system: LockSystem = localLockSystem): Promise<SlotLock | undefined> {
  if (process.platform === 'win32') throw noLocks(directory, 'Windows has no local sockets that outlive a rename')
  await system.makeDirectory(directory)
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const highest = await highestNumber(directory, system)
    if (highest > 0 && (await system.answers(socketOf(directory, highest)))) return undefined
    const lock = await take(directory, highest + 1, system)
    if (lock !== undefined) return lock
  }
  return undefined
}

/** For those who only look; it may be taken or released the moment after. */
export async function isSlotHeld(directory: string, system: LockSystem = localLockSystem): Promise<boolean> {
  const highest = await highestNumber(directory, system)
  return highest > 0 && (await system.answers(socketOf(directory, highest)))
}

/** Undefined where somebody else was faster. */
async function take(directory: string, number: number, system: LockSystem): Promise<SlotLock | undefined> {
  // Of a UUID as much as makes it unique among those who are at it now: paths of sockets are short.
  const fresh = path.join(directory, `${freshPrefix}${systemRandom.uuid().slice(0, 13)}`)
  let lock: SocketLock | undefined
  let isHeld = false
  await system.makeDirectory(fresh)
  try {
    lock = await SocketLock.listen(directory, fresh, number, system)
    await system.rename(fresh, lockFolder(directory, number))
    isHeld = await lock.isHeld()
  } catch (error) {
    if (!(await wasFaster(error, fresh, system))) throw explained(error, directory)
  } finally {
    if (!isHeld) {
      await lock?.release()
      // A folder that was renamed and lost has a lower number than the holder's; the next holder removes it.
      await removeQuietly(fresh, system)
    }
  }
  if (lock === undefined || !isHeld) return undefined
  await removeLeftovers(directory, number, system)
  return lock
}

class SocketLock implements SlotLock {
  readonly #directory: string
  readonly #number: number
  readonly #listener: LockListener
  readonly #identity: string | undefined
  readonly #system: LockSystem

  static async listen(directory: string, fresh: string, number: number, system: LockSystem): Promise<SocketLock> {
    const socket = path.join(fresh, socketName)
    const listener = await system.listen(socket)
    try {
      return new SocketLock(directory, number, listener, await system.identity(socket), system)
    } catch (error) {
      await listener.close()
      throw error
    }
  }

  private constructor(
    directory: string,
    number: number,
    listener: LockListener,
    identity: string | undefined,
    system: LockSystem,
  ) {
    this.#directory = directory
    this.#number = number
    this.#listener = listener
    this.#identity = identity
    this.#system = system
  }

  async isHeld(): Promise<boolean> {
    if (!this.#listener.isListening() || this.#identity === undefined) return false
    // Not by connecting: an event loop that is late would time itself out, and the answer could be another's.
    const identity = await this.#system.identity(socketOf(this.#directory, this.#number))
    if (identity !== this.#identity) return false
    return (await highestNumber(this.#directory, this.#system)) === this.#number
  }

  async release(): Promise<void> {
    if (this.#listener.isListening()) await this.#listener.close()
  }
}

/**
 * Locks of the dead, and fresh folders of those who died before they renamed them. Whatever stays does no harm.
 *
 * A fresh folder may also belong to somebody who has yet to find out that the slot is held. It is renamed before it is
 * emptied, so that an empty one cannot become a number: that number could be replaced. Its owner will look again.
 */
async function removeLeftovers(directory: string, held: number, system: LockSystem): Promise<void> {
  for (const name of await system.list(directory)) {
    const number = numberOf(name)
    const isOld = (number !== undefined && number < held) || name.startsWith(discardedPrefix)
    if (isOld) await removeQuietly(path.join(directory, name), system)
    else if (name.startsWith(freshPrefix)) await discard(directory, name.slice(freshPrefix.length), system)
  }
}

async function discard(directory: string, id: string, system: LockSystem): Promise<void> {
  const discarded = path.join(directory, `${discardedPrefix}${id}`)
  try {
    await system.rename(path.join(directory, `${freshPrefix}${id}`), discarded)
  } catch {
    return
  }
  await removeQuietly(discarded, system)
}

async function removeQuietly(directory: string, system: LockSystem): Promise<void> {
  try {
    await system.remove(directory)
  } catch {
    // The next holder tries again.
  }
}

/** Whether another process is the reason: it has the number, or its holder took our fresh folder for a leftover. */
async function wasFaster(error: unknown, fresh: string, system: LockSystem): Promise<boolean> {
  const code = codeOf(error)
  if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOENT') return true
  // libuv says EACCES where a socket's folder is missing.
  return code === 'EACCES' && (await system.identity(fresh)) === undefined
}

async function highestNumber(directory: string, system: LockSystem): Promise<number> {
  const names = await system.list(directory)
  return names.reduce((highest, name) => Math.max(highest, numberOf(name) ?? 0), 0)
}

function numberOf(name: string): number | undefined {
  const digits = /^lock\.([1-9]\d{0,14})$/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

function lockFolder(directory: string, number: number): string {
  return path.join(directory, `lock.${number}`)
}

function socketOf(directory: string, number: number): string {
  return path.join(lockFolder(directory, number), socketName)
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? ''
}

function explained(error: unknown, directory: string): unknown {
  return unsupported.has(codeOf(error)) ? noLocks(directory, (error as Error).message, error) : error
}

function noLocks(directory: string, found: string, cause?: unknown): StateDirectoryError {
  return new StateDirectoryError(
    'MILLRACE_STATE_DIR_NO_LOCKS',
    directory,
    `the state directory ${directory} cannot be locked: ${found}. A lock is a local socket in a folder that is renamed; ` +
      `network and shared folders often have neither. Set stateDir to a directory on a local disk`,
    { cause },
  )
}
