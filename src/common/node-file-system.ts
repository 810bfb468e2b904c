/**
 * The real disk: `FileSystem` on Node's own. It adds nothing to the system's calls but the contract's answers for what is
 * missing, and loops around writes and reads that were cut short. It must never retry, and never hide a failure.
 *
 * What it makes is for its owner alone (0700, 0600): state holds what the records hold.
 */
import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import type { FileSystem, OpenFile } from './file-system.ts'

const { O_APPEND, O_CREAT, O_RDONLY, O_RDWR, O_TRUNC } = constants

/** `O_APPEND`: the system itself finds the end, whatever was truncated before. */
const flagsOf = {
  read: O_RDONLY,
  append: O_RDWR | O_CREAT | O_APPEND,
  replace: O_RDWR | O_CREAT | O_APPEND | O_TRUNC,
} as const

/** Of one call; Linux writes at most 2 GiB at once, and other systems refuse more. */
const callMaxBytes = 256 * 1024 * 1024

export const nodeFileSystem: FileSystem = {
  async makeDirectory(directory) {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  },

  list: (directory) => orIfMissing(readdir(directory), []),

  open: openFile,

  async rename(from, to) {
    await rename(from, to)
    await syncDirectory(path.dirname(to))
  },

  remove: (target) => rm(target, { recursive: true, force: true }),

  async isLink(target) {
    return (await orIfMissing(lstat(target), undefined))?.isSymbolicLink() ?? false
  },

  async modifiedAtMs(target) {
    return (await orIfMissing(stat(target), undefined))?.mtimeMs
  },
}

function openFile(target: string, mode: 'read'): Promise<OpenFile | undefined>
function openFile(target: string, mode: 'append' | 'replace'): Promise<OpenFile>
async function openFile(target: string, mode: 'read' | 'append' | 'replace'): Promise<OpenFile | undefined> {
  const opened = open(target, flagsOf[mode], 0o600)
  const handle = mode === 'read' ? await orIfMissing(opened, undefined) : await opened
  if (handle === undefined) return undefined
  try {
    const { size } = await handle.stat()
    return new NodeFile(handle, size)
  } catch (error) {
    await handle.close()
    throw error
  }
}

class NodeFile implements OpenFile {
  readonly #handle: FileHandle
  #size: number

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle
    this.#size = size
  }

  get size(): number {
    return this.#size
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, this.#size - offset)))
    let done = 0
    while (done < buffer.byteLength) {
      const wanted = Math.min(callMaxBytes, buffer.byteLength - done)
      const { bytesRead } = await this.#handle.read(buffer, done, wanted, offset + done)
      if (bytesRead === 0) break
      done += bytesRead
    }
    return buffer.subarray(0, done)
  }

  async append(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      let done = 0
      while (done < chunk.byteLength) {
        const wanted = Math.min(callMaxBytes, chunk.byteLength - done)
        const { bytesWritten } = await this.#handle.write(chunk, done, wanted)
        if (bytesWritten === 0) throw new Error('the system wrote nothing, and gave no reason')
        done += bytesWritten
        this.#size += bytesWritten
      }
    }
  }

  async truncate(size: number): Promise<void> {
    await this.#handle.truncate(size)
    this.#size = size
  }

  async sync(): Promise<void> {
    await this.#handle.sync()
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}

/**
 * So that the new name survives a power cut. Some systems cannot do it (Windows, some network disks): the rename has
 * happened all the same, and what it replaced was as good.
 */
async function syncDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, O_RDONLY)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch {
    // See above.
  }
}

async function orIfMissing<T, M>(answer: Promise<T>, missing: M): Promise<T | M> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return missing
    throw error
  }
}
