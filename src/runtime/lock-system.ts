/**
 * What the lock of a slot asks of the operating system: local sockets, and folders that are renamed. The real ones here;
 * a test puts its own in front of them to choose who runs when. Errors are the system's own.
 *
 * A local socket is used because the kernel closes it with its process, however that ends. A file with a process number
 * proves nothing: two containers that share a volume have different processes of the same number.
 */
import { mkdir, mkdtemp, readdir, rename, rm, stat, symlink } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemClock } from '../common/clock.ts'
import { StateDirectoryError } from '../errors/state-error.ts'

export interface LockSystem {
  /** With its parents, for this user only. */
  makeDirectory(directory: string): Promise<void>
  /** The names in it; none where there is no such directory. */
  list(directory: string): Promise<string[]>
  /** Makes the socket; it must not exist. */
  listen(socket: string): Promise<LockListener>
  /** Whether a process listens there, be it one that is stopped. */
  answers(socket: string): Promise<boolean>
  /** Of the file: no other has the same while this one is listened on. Undefined where there is none. */
  identity(socket: string): Promise<string | undefined>
  /** Fails with ENOTEMPTY or EEXIST where `to` is a folder with something in it. */
  rename(from: string, to: string): Promise<void>
  /** With all that is in it; nothing happens where there is none. */
  remove(directory: string): Promise<void>
}

export interface LockListener {
  isListening(): boolean
  close(): Promise<void>
}

/** The kernel keeps a socket's path in 108 bytes (Linux) or 104 (macOS), the closing zero included. */
const maxSocketPathBytes = 100

/** A process that does not take a connection in this time exists nevertheless. */
const connectTimeoutMs = 5000

/** Nobody listens: the file was left by a process that is gone, or there is no such socket (any more). */
const refusals = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTDIR', 'ENOTSOCK'])

export const localLockSystem: LockSystem = {
  async makeDirectory(directory) {
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 })
    } catch (error) {
      const { code, path: refused } = error as NodeJS.ErrnoException
      // Node says that of all that a parent refuses, such as a read-only one; the plain call says why.
      if (code === 'ENOENT' && refused !== undefined) await mkdir(refused, { mode: 0o700 })
      throw error
    }
  },
  async list(directory) {
    return (await unlessMissing(readdir(directory))) ?? []
  },
  listen: (socket) => withShortPath(socket, listenAt),
  answers: (socket) => withShortPath(socket, isListenedOn),
  async identity(socket) {
    // A listener keeps its inode, so that the number is not given to another file, even if this one is removed.
    const found = await unlessMissing(stat(socket, { bigint: true }))
    return found === undefined ? undefined : `${found.dev}:${found.ino}`
  },
  rename,
  async remove(directory) {
    await rm(directory, { recursive: true, force: true })
  },
}

function listenAt(socket: string): Promise<LockListener> {
  return new Promise((resolve, reject) => {
    // Whoever connects has learned what there is to know.
    const server = createServer((connection) => connection.destroy())
    server.unref()
    server.once('error', reject)
    // Exclusive: in a worker of node:cluster it would otherwise be the primary process that listens.
    server.listen({ path: socket, exclusive: true }, () => {
      server.off('error', reject)
      // What fails later is one connection (too many open files), not the listener.
      server.on('error', () => undefined)
      resolve({ isListening: () => server.listening, close: () => new Promise((done) => server.close(() => done())) })
    })
  })
}

async function isListenedOn(socket: string): Promise<boolean> {
  try {
    return await connects(socket)
  } catch (error) {
    // The listener closed, or died, while we waited in its queue. Asked again, the kernel says who is there now.
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') return connects(socket)
    throw error
  }
}

function connects(socket: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const connection = createConnection(socket)
    const timer = systemClock.setTimer(connectTimeoutMs, () => end(() => resolve(true)))
    const end = (settle: () => void): void => {
      timer.cancel()
      connection.destroy()
      settle()
    }
    connection.once('connect', () => end(() => resolve(true)))
    connection.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? ''
      // EAGAIN: so many wait already that the kernel takes no more; their process is stopped, and there.
      if (code === 'EAGAIN') end(() => resolve(true))
      else if (refusals.has(code)) end(() => resolve(false))
      else end(() => reject(error))
    })
  })
}

/**
 * Reaches a socket whose path is too long through a link with a short name to its folder. The link is needed while the
 * call lasts; the socket itself is where it belongs, so that a container with the same volume and another temporary
 * directory finds it.
 */
async function withShortPath<T>(socket: string, use: (socket: string) => Promise<T>): Promise<T> {
  if (Buffer.byteLength(socket) <= maxSocketPathBytes) return use(socket)
  const folder = await makeShortFolder(socket)
  try {
    const link = path.join(folder, 'd')
    await symlink(path.dirname(socket), link)
    return await use(path.join(link, path.basename(socket)))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function makeShortFolder(socket: string): Promise<string> {
  const temporary = tmpdir()
  const parent = Buffer.byteLength(temporary) <= maxSocketPathBytes - 40 ? temporary : '/tmp'
  try {
    return await mkdtemp(path.join(parent, 'millrace-'))
  } catch (error) {
    throw new StateDirectoryError(
      'MILLRACE_STATE_DIR_UNUSABLE',
      path.dirname(socket),
      `the state directory has too long a path for a local socket (${Buffer.byteLength(socket)} bytes: ${socket}; ` +
        `${maxSocketPathBytes} are possible), and no short link to it can be made in ${parent} ` +
        `(${(error as Error).message}). Set a shorter stateDir, or TMPDIR to a directory that this process can write`,
      { cause: error },
    )
  }
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
