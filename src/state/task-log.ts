/**
 * The file of one task's state: `state.log` in the task's directory. It is the source of truth for what happens to that
 * file: it is opened, appended to, replaced by a shorter one, and put aside where it cannot be read. It must never leave
 * anything behind the last whole commit that a later append would bury.
 *
 * Where the disk has no room for a new file the log begins without one, and its first append makes it: until then what is
 * committed stays in memory, as with any append that fails.
 *
 * An append is not synced. After `kill -9` the system still has all that was written; after a power cut a shorter prefix
 * may be there, whose last marker is older, and a replay of the changelog from that marker brings the rest back. A new
 * file is synced before it takes the place of the old one, since its prefixes mean nothing.
 */
import path from 'node:path'
import type { FileSystem, OpenFile } from '../common/file-system.ts'
import { isDiskFull } from '../errors/disk-error.ts'
import { fileHeader } from './log-frame.ts'
import { emptyLog, replayLog, type Replayed } from './log-replay.ts'

const fileName = 'state.log'
/** While it is written anew; nothing but a leftover at any other time. */
const newFileName = 'state.log.new'
const asideName = /^state\.log\.damaged-(\d+)$/

export interface OpenedLog {
  readonly log: TaskLog
  readonly replayed: Replayed
  /** Where a file that cannot be read is now. */
  readonly putAside: string | undefined
  /** There was no room for a new file; the first append makes it. */
  readonly isWithoutFile: boolean
}

export class TaskLog {
  readonly path: string
  readonly #fileSystem: FileSystem
  readonly #directory: string
  /** Undefined until there is room for a new one. */
  #file: OpenFile | undefined
  /** Where the last whole commit ends. */
  #goodBytes: number
  /** An append may have left something behind `#goodBytes`. */
  #isTorn = false
  #closing = false

  private constructor(fileSystem: FileSystem, directory: string, file: OpenFile | undefined, goodBytes: number) {
    this.path = logPath(directory)
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#file = file
    this.#goodBytes = goodBytes
  }

  static async open(fileSystem: FileSystem, directory: string, chunkBytes: number): Promise<OpenedLog> {
    const first = await openUnlessFull(fileSystem, directory)
    if (first === undefined) {
      const log = new TaskLog(fileSystem, directory, undefined, 0)
      return { log, replayed: emptyLog(), putAside: undefined, isWithoutFile: true }
    }
    let file = first
    try {
      await fileSystem.remove(path.join(directory, newFileName))
      const replayed = await replayLog(file, chunkBytes)
      let putAside: string | undefined
      if (replayed.end === 'unreadable') {
        await file.close()
        putAside = await putFileAside(fileSystem, directory)
        file = await openFile(fileSystem, directory)
      } else if (replayed.goodBytes < file.size) {
        await file.truncate(replayed.goodBytes)
      }
      return {
        log: new TaskLog(fileSystem, directory, file, replayed.goodBytes),
        replayed,
        putAside,
        isWithoutFile: false,
      }
    } catch (error) {
      await closeQuietly(file)
      throw error
    }
  }

  get byteLength(): number {
    return this.#goodBytes
  }

  /** One commit. After a failure the file is as it was before, at the latest when the next append has begun. */
  async append(frame: Buffer): Promise<void> {
    const file = (this.#file ??= await openFile(this.#fileSystem, this.#directory))
    if (this.#isTorn) await file.truncate(this.#goodBytes)
    this.#isTorn = true
    const chunks = this.#goodBytes === 0 ? [fileHeader, frame] : [frame]
    await file.append(chunks)
    this.#isTorn = false
    this.#goodBytes += byteLengthOf(chunks)
  }

  /**
   * Puts a file of these frames in the place of this one; the last of them has the marker. They are written one at a time,
   * so the event loop has its turns. False when `close` came in between. After a failure the old file is still there.
   */
  async replace(frames: Iterable<Buffer>): Promise<boolean> {
    const newPath = path.join(this.#directory, newFileName)
    const file = await this.#fileSystem.open(newPath, 'replace')
    try {
      if (!(await this.#writeAll(file, frames))) {
        await this.#discard(file, newPath)
        return false
      }
      await file.sync()
      await this.#fileSystem.rename(newPath, this.path)
    } catch (error) {
      await this.#discard(file, newPath)
      throw error
    }
    const old = this.#file
    this.#file = file
    this.#goodBytes = file.size
    this.#isTorn = false
    if (old !== undefined) await closeQuietly(old)
    return true
  }

  /** Ends a `replace` that is under way; `close` follows. */
  prepareToClose(): void {
    this.#closing = true
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }

  async #writeAll(file: OpenFile, frames: Iterable<Buffer>): Promise<boolean> {
    await file.append([fileHeader])
    for (const frame of frames) {
      if (this.#closing) return false
      await file.append([frame])
    }
    return true
  }

  async #discard(file: OpenFile, newPath: string): Promise<void> {
    await closeQuietly(file)
    // The next `open` removes what stays.
    await this.#fileSystem.remove(newPath).catch(() => undefined)
  }
}

function logPath(directory: string): string {
  return path.join(directory, fileName)
}

async function openFile(fileSystem: FileSystem, directory: string): Promise<OpenFile> {
  await fileSystem.makeDirectory(directory)
  return fileSystem.open(logPath(directory), 'append')
}

/** Undefined where there is no file, and no room for one. */
async function openUnlessFull(fileSystem: FileSystem, directory: string): Promise<OpenFile | undefined> {
  try {
    return await openFile(fileSystem, directory)
  } catch (error) {
    if (!isDiskFull(error) || (await fileSystem.list(directory)).includes(fileName)) throw error
    return undefined
  }
}

async function putFileAside(fileSystem: FileSystem, directory: string): Promise<string> {
  const names = await fileSystem.list(directory)
  const numbers = names.map((name) => Number(asideName.exec(name)?.[1] ?? 0))
  const aside = path.join(directory, `${fileName}.damaged-${Math.max(0, ...numbers) + 1}`)
  await fileSystem.rename(logPath(directory), aside)
  return aside
}

/** Of a file that does not matter any more. */
async function closeQuietly(file: OpenFile): Promise<void> {
  await file.close().catch(() => undefined)
}

function byteLengthOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
}
