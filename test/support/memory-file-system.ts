/**
 * A disk in memory, for tests and the simulation: it can be full, it can fail, and it can be left in the middle of
 * anything. It is deterministic: no timers, and chance only through the `Random` that a crash is given.
 *
 * One object is the disk as one life of a process sees it. `crash` and `powerCut` end that life: operations of it never
 * settle again, neither those under way nor later ones, and the returned object is the same disk in the next life.
 */
import path from 'node:path'
import type { FileSystem, OpenFile } from '../../src/common/file-system.ts'
import type { Random } from '../../src/common/random.ts'

/** What is about to happen, at the gate. */
export interface DiskOperation {
  readonly kind:
    | 'makeDirectory'
    | 'list'
    | 'open'
    | 'rename'
    | 'remove'
    | 'modifiedAtMs'
    | 'read'
    | 'append'
    | 'truncate'
    | 'sync'
    | 'close'
  readonly path: string
  /** To append, or asked for at most; 0 for all other kinds. */
  readonly bytes: number
  /** Counts all operations of the disk, over its lives. */
  readonly index: number
}

/** An operation that a crash may find under way. */
interface Pending {
  /** Has it take effect, an append with its first `share` (from 0 to 1) bytes only. */
  readonly finish: (share: number) => void
  readonly isAppend: boolean
}

class DiskFile {
  #buffer: Buffer = Buffer.alloc(0)
  size = 0
  /** So many bytes survive a power cut. */
  syncedBytes = 0
  modifiedAtMs = 0

  read(offset: number, length: number): Buffer {
    return Buffer.from(this.#buffer.subarray(Math.min(offset, this.size), Math.min(offset + length, this.size)))
  }

  append(bytes: Uint8Array): void {
    const needed = this.size + bytes.byteLength
    if (needed > this.#buffer.byteLength) {
      const larger = Buffer.alloc(needed * 2)
      this.#buffer.copy(larger, 0, 0, this.size)
      this.#buffer = larger
    }
    this.#buffer.set(bytes, this.size)
    this.size = needed
  }

  truncate(size: number): void {
    this.size = Math.min(this.size, size)
    this.syncedBytes = Math.min(this.syncedBytes, size)
  }
}

/** What all lives share. */
class Disk {
  readonly files = new Map<string, DiskFile>()
  readonly directories = new Set<string>(['/'])
  operations = 0
}

interface Failure {
  readonly code: string
  readonly matches: (operation: DiskOperation) => boolean
  timesLeft: number
  readonly share: number
}

export interface FailureOptions {
  /** Which operations; every one by default. */
  readonly matches?: (operation: DiskOperation) => boolean
  /** 1 by default. */
  readonly times?: number
  /** How much of a failing append is there all the same, from 0 to 1; nothing by default. */
  readonly share?: number
}

export class MemoryFileSystem implements FileSystem {
  readonly #disk: Disk
  readonly #pending = new Set<Pending>()
  readonly #failures: Failure[] = []
  #isDead = false
  /** Awaited before every operation takes effect; while it waits a crash finds the operation under way. */
  gate: ((operation: DiskOperation) => Promise<void>) | undefined
  /** Of all files together; an append that would go beyond it writes what fits, and fails with ENOSPC. */
  capacityBytes = Infinity
  /** For `modifiedAtMs`. */
  now: () => number = () => 0

  constructor(disk: Disk = new Disk()) {
    this.#disk = disk
  }

  get operations(): number {
    return this.#disk.operations
  }

  get usedBytes(): number {
    return this.#disk.files.values().reduce((sum, { size }) => sum + size, 0)
  }

  /** The next operations that match fail with `code` (ENOSPC, EIO, …). */
  fail(code: string, { matches = () => true, times = 1, share = 0 }: FailureOptions = {}): void {
    this.#failures.push({ code, matches, timesLeft: times, share })
  }

  /**
   * The process dies (`kill -9`): the disk has all that was written. With `random`, operations under way take effect or
   * not, and of an append any prefix; without it none of them does.
   */
  crash(random?: Random): MemoryFileSystem {
    this.#isDead = true
    if (random !== undefined) for (const operation of this.#pending) interrupt(operation, random)
    this.#pending.clear()
    const next = new MemoryFileSystem(this.#disk)
    next.gate = this.gate
    next.capacityBytes = this.capacityBytes
    next.now = this.now
    return next
  }

  /** As `crash`, and of each file any suffix of what was appended since it was synced may be gone. */
  powerCut(random: Random): MemoryFileSystem {
    const next = this.crash(random)
    for (const file of this.#disk.files.values()) {
      const unsynced = file.size - file.syncedBytes
      file.truncate(file.syncedBytes + Math.floor(random.next() * (unsynced + 1)))
      file.syncedBytes = file.size
    }
    return next
  }

  /** The file's bytes now, past the gate; undefined where there is none. */
  peek(target: string): Buffer | undefined {
    return this.#disk.files.get(path.resolve(target))?.read(0, Infinity)
  }

  /** Damages or makes a file, past the gate. */
  poke(target: string, content: Uint8Array): void {
    const resolved = path.resolve(target)
    this.#addDirectories(path.dirname(resolved))
    const file = this.#disk.files.get(resolved) ?? new DiskFile()
    file.truncate(0)
    file.append(content)
    file.syncedBytes = file.size
    this.#disk.files.set(resolved, file)
  }

  makeDirectory(target: string): Promise<void> {
    const resolved = path.resolve(target)
    return this.#run('makeDirectory', resolved, () => this.#addDirectories(resolved))
  }

  list(target: string): Promise<string[]> {
    const resolved = path.resolve(target)
    return this.#run('list', resolved, () =>
      [...this.#disk.directories, ...this.#disk.files.keys()]
        .filter((each) => each !== resolved && path.dirname(each) === resolved)
        .map((each) => path.basename(each)),
    )
  }

  open(target: string, mode: 'read'): Promise<OpenFile | undefined>
  open(target: string, mode: 'append' | 'replace'): Promise<OpenFile>
  open(target: string, mode: 'read' | 'append' | 'replace'): Promise<OpenFile | undefined> {
    const resolved = path.resolve(target)
    return this.#run('open', resolved, () => {
      const { files, directories } = this.#disk
      if (directories.has(resolved)) throw systemError('EISDIR', 'open', resolved)
      if (mode === 'read' && !files.has(resolved)) return undefined
      if (!directories.has(path.dirname(resolved))) throw systemError('ENOENT', 'open', resolved)
      const file = files.get(resolved) ?? new DiskFile()
      if (mode === 'replace') file.truncate(0)
      if (!files.has(resolved)) file.modifiedAtMs = this.now()
      files.set(resolved, file)
      return this.#handle(file, resolved)
    })
  }

  rename(from: string, to: string): Promise<void> {
    const [source, target] = [path.resolve(from), path.resolve(to)]
    return this.#run('rename', source, () => {
      const { files, directories } = this.#disk
      if (!directories.has(path.dirname(target))) throw systemError('ENOENT', 'rename', target)
      const file = files.get(source)
      if (file !== undefined) {
        if (directories.has(target)) throw systemError('EISDIR', 'rename', target)
        files.delete(source)
        files.set(target, file)
        return
      }
      if (!directories.has(source)) throw systemError('ENOENT', 'rename', source)
      if (files.has(target)) throw systemError('ENOTDIR', 'rename', target)
      if ([...files.keys(), ...directories].some((each) => each.startsWith(`${target}/`))) {
        throw systemError('ENOTEMPTY', 'rename', target)
      }
      this.#renameDirectory(source, target)
    })
  }

  remove(target: string): Promise<void> {
    const resolved = path.resolve(target)
    return this.#run('remove', resolved, () => {
      const isInside = (each: string): boolean => each === resolved || each.startsWith(`${resolved}/`)
      for (const each of [...this.#disk.files.keys()].filter(isInside)) this.#disk.files.delete(each)
      for (const each of [...this.#disk.directories].filter(isInside)) this.#disk.directories.delete(each)
    })
  }

  /** There are none. */
  isLink(): Promise<boolean> {
    return Promise.resolve(false)
  }

  modifiedAtMs(target: string): Promise<number | undefined> {
    const resolved = path.resolve(target)
    return this.#run('modifiedAtMs', resolved, () => {
      const file = this.#disk.files.get(resolved)
      return file === undefined && this.#disk.directories.has(resolved) ? 0 : file?.modifiedAtMs
    })
  }

  #handle(file: DiskFile, target: string): OpenFile {
    let isOpen = true
    const run = <T>(kind: DiskOperation['kind'], effect: (share: number) => T, bytes = 0): Promise<T> => {
      const effectIfOpen = (share: number): T => {
        if (!isOpen) throw systemError('EBADF', kind, target)
        return effect(share)
      }
      return this.#run(kind, target, effectIfOpen, bytes)
    }
    return {
      get size() {
        return file.size
      },
      read: (offset, length) => run('read', () => file.read(offset, length), length),
      append: (chunks) =>
        run(
          'append',
          (share) => {
            const bytes = Buffer.concat(chunks)
            this.#append(file, bytes.subarray(0, Math.floor(bytes.byteLength * share)), target)
          },
          chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0),
        ),
      truncate: (size) =>
        run('truncate', () => {
          file.truncate(size)
          file.modifiedAtMs = this.now()
        }),
      sync: () => run('sync', () => void (file.syncedBytes = file.size)),
      close: () => run('close', () => void (isOpen = false)),
    }
  }

  #append(file: DiskFile, bytes: Buffer, target: string): void {
    const room = Math.max(0, this.capacityBytes - this.usedBytes)
    file.append(bytes.subarray(0, Math.min(room, bytes.byteLength)))
    file.modifiedAtMs = this.now()
    if (bytes.byteLength > room) throw systemError('ENOSPC', 'write', target)
  }

  /** Waits at the gate, fails if it was told to, takes effect; never settles once this life is over. */
  async #run<T>(kind: DiskOperation['kind'], target: string, effect: (share: number) => T, bytes = 0): Promise<T> {
    if (this.#isDead) return forever()
    const operation: DiskOperation = { kind, path: target, bytes, index: this.#disk.operations++ }
    const pending: Pending = { finish: effect, isAppend: kind === 'append' }
    this.#pending.add(pending)
    try {
      await this.gate?.(operation)
    } finally {
      this.#pending.delete(pending)
    }
    if (this.#isDead) return forever()
    const failure = this.#failures.find(({ timesLeft, matches }) => timesLeft > 0 && matches(operation))
    if (failure === undefined) return effect(1)
    failure.timesLeft--
    if (pending.isAppend && failure.share > 0) effect(failure.share)
    throw systemError(failure.code, kind, target)
  }

  #addDirectories(target: string): void {
    for (let each = target; !this.#disk.directories.has(each); each = path.dirname(each)) {
      if (this.#disk.files.has(each)) throw systemError('ENOTDIR', 'mkdir', each)
      this.#disk.directories.add(each)
    }
  }

  #renameDirectory(source: string, target: string): void {
    const moved = (each: string): string => target + each.slice(source.length)
    const isInside = (each: string): boolean => each === source || each.startsWith(`${source}/`)
    const { files, directories } = this.#disk
    for (const each of [...directories].filter(isInside)) {
      directories.delete(each)
      directories.add(moved(each))
    }
    for (const [each, file] of [...files].filter(([name]) => isInside(name))) {
      files.delete(each)
      files.set(moved(each), file)
    }
  }
}

function interrupt({ finish, isAppend }: Pending, random: Random): void {
  const chance = random.next()
  // Whole, not at all, or (an append) in part.
  const share = isAppend && chance > 0.25 && chance < 0.75 ? random.next() : Math.round(chance)
  if (share === 0) return
  try {
    finish(share)
  } catch {
    // Nobody is there to be told.
  }
}

function systemError(code: string, call: string, target: string): Error {
  return Object.assign(new Error(`${code}: ${call} '${target}'`), { code, syscall: call, path: target })
}

function forever(): Promise<never> {
  return new Promise(() => undefined)
}
