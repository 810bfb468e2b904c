/**
 * Folders and local sockets as a kernel has them, without one: processes that die in the middle of a call, and a turn for
 * others before each effect, so that a test chooses who runs when. One per process, all over one `Disk`.
 */
import type { LockListener, LockSystem } from '../../src/runtime/lock-system.ts'

interface Socket {
  readonly id: number
  isListening: boolean
}

/** Of the slot `/slot`: its folders, each with a socket or empty. */
export class Disk {
  readonly folders: Map<string, Socket | undefined> = new Map()
  nextId = 0
}

export class MemoryLockSystem implements LockSystem {
  readonly #disk: Disk
  readonly #turn: () => Promise<void>
  readonly #sockets: Socket[] = []
  #isDead = false

  constructor(disk: Disk, turn: () => Promise<void>) {
    this.#disk = disk
    this.#turn = turn
  }

  /** `kill -9`: what was under way never ends, and nobody listens any more. */
  die(): void {
    this.#isDead = true
    for (const socket of this.#sockets) socket.isListening = false
  }

  makeDirectory(directory: string): Promise<void> {
    return this.#step(() => {
      if (directory !== '/slot' && !this.#disk.folders.has(directory)) this.#disk.folders.set(directory, undefined)
    })
  }

  list(): Promise<string[]> {
    return this.#step(() => [...this.#disk.folders.keys()].map((folder) => folder.slice(folder.lastIndexOf('/') + 1)))
  }

  async listen(path: string): Promise<LockListener> {
    const socket = { id: this.#disk.nextId++, isListening: false }
    this.#sockets.push(socket)
    // Bind and listen are two calls.
    await this.#step(() => {
      if (!this.#disk.folders.has(folderOf(path))) throw failure('EACCES')
      this.#disk.folders.set(folderOf(path), socket)
    })
    await this.#step(() => (socket.isListening = true))
    return {
      isListening: () => socket.isListening,
      close: () => this.#step(() => void (socket.isListening = false)),
    }
  }

  answers(path: string): Promise<boolean> {
    return this.#step(() => this.#disk.folders.get(folderOf(path))?.isListening === true)
  }

  identity(path: string): Promise<string | undefined> {
    return this.#step(() => {
      if (!path.endsWith('/socket')) return this.#disk.folders.has(path) ? 'folder' : undefined
      const socket = this.#disk.folders.get(folderOf(path))
      return socket === undefined ? undefined : String(socket.id)
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.#step(() => {
      if (!this.#disk.folders.has(from)) throw failure('ENOENT')
      if (this.#disk.folders.get(to) !== undefined) throw failure('ENOTEMPTY')
      this.#disk.folders.set(to, this.#disk.folders.get(from))
      this.#disk.folders.delete(from)
    })
  }

  async remove(directory: string): Promise<void> {
    // First what is in it, then the folder, which may have been moved or filled meanwhile.
    await this.#step(() => {
      if (this.#disk.folders.has(directory)) this.#disk.folders.set(directory, undefined)
    })
    await this.#step(() => {
      if (this.#disk.folders.get(directory) !== undefined) throw failure('ENOTEMPTY')
      this.#disk.folders.delete(directory)
    })
  }

  async #step<T>(effect: () => T): Promise<T> {
    await this.#turn()
    if (this.#isDead) return new Promise<never>(() => undefined)
    const result = effect()
    await this.#turn()
    if (this.#isDead) return new Promise<never>(() => undefined)
    return result
  }
}

function folderOf(socket: string): string {
  return socket.slice(0, socket.lastIndexOf('/'))
}

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: of the test's disk`), { code })
}
