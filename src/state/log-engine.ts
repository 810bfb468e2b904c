/**
 * The plain engine that keeps its state: key spaces in memory, as the engine in memory has them, and one log file per task
 * to which every commit is appended, marker and data in one frame. It is the readable twin of faster persistent engines.
 * It must never show a change before its frame is in the file, nor write a marker before the data that it speaks of.
 *
 * What a commit changes in memory is read back from its frame, by the code that replays the log: what is read after a
 * restart is by construction what was read before.
 */
import { assert } from '../common/assert.ts'
import type { FileSystem } from '../common/file-system.ts'
import { childLogger, silentLogger, type Logger } from '../common/logger.ts'
import { latin1ToBytes } from '../common/bytes.ts'
import { DiskError, isDiskFull } from '../errors/disk-error.ts'
import { applyBody, frameHeaderBytes, FrameTooLongError, FrameWriter, maxFrameBytes } from './log-frame.ts'
import type { MapKeyspace, MapKeyspaces } from './map-keyspace.ts'
import type { Batch, Marker, StateEngine, TaskState } from './state-engine.ts'
import { TaskLog, type OpenedLog } from './task-log.ts'

export interface LogLimits {
  /** A log below it is not written anew: it is read in a fraction of a second, whatever is dead in it. */
  readonly rewriteAboveBytes: number
  /** Nor one that has fewer times its live bytes: each byte is then copied a third of a time on average. */
  readonly rewriteAboveRatio: number
  /** What is serialised without a turn of the event loop: a few milliseconds, where keys and values are small. */
  readonly rewriteSliceBytes: number
  /** What is read at once, and applied without a turn of the event loop: 2 µs for a key that is new. */
  readonly readChunkBytes: number
  readonly maxFrameBytes: number
}

const defaultLimits: LogLimits = {
  rewriteAboveBytes: 8 * 1024 * 1024,
  rewriteAboveRatio: 4,
  rewriteSliceBytes: 128 * 1024,
  readChunkBytes: 128 * 1024,
  maxFrameBytes,
}

export interface LogEngineOptions {
  readonly fileSystem: FileSystem
  readonly logger?: Logger
  readonly limits?: Partial<LogLimits>
}

export class LogEngine implements StateEngine {
  readonly name = 'log'
  readonly persistent = true
  readonly #fileSystem: FileSystem
  readonly #logger: Logger
  readonly #limits: LogLimits
  readonly #openDirectories = new Set<string>()

  constructor({ fileSystem, logger = silentLogger, limits }: LogEngineOptions) {
    this.#fileSystem = fileSystem
    this.#logger = logger
    this.#limits = { ...defaultLimits, ...limits }
  }

  async open(taskId: string, directory: string | undefined): Promise<TaskState> {
    assert(directory !== undefined, `the persistent state of task ${taskId} has a directory`)
    assert(!this.#openDirectories.has(directory), `the state of task ${taskId} in ${directory} is opened once`)
    this.#openDirectories.add(directory)
    try {
      const opened = await TaskLog.open(this.#fileSystem, directory, this.#limits.readChunkBytes)
      const logger = childLogger(this.#logger, { taskId, path: opened.log.path })
      if (opened.replayed.end === 'torn') {
        logger.info({ bytes: opened.replayed.goodBytes }, `the last write was cut short: ${opened.replayed.found}`)
      }
      if (opened.isWithoutFile) {
        logger.warn(
          {},
          'the disk has no room for the file of this state; it is kept in memory until somebody makes room',
        )
      }
      const onClose = (): unknown => this.#openDirectories.delete(directory)
      return new LogTaskState(taskId, opened, this.#limits, logger, onClose)
    } catch (error) {
      this.#openDirectories.delete(directory)
      throw new DiskError(
        'MILLRACE_STATE_OPEN_FAILED',
        taskId,
        directory,
        `its state in ${directory} could not be opened: ${messageOf(error)}. Nothing there was lost. ${
          isDiskFull(error)
            ? 'Make room on that disk; it is tried again until there is some'
            : 'Give this process access to that directory and its disk; or remove the directory, and the state is restored from its changelogs'
        }`,
        error,
      )
    }
  }
}

class LogTaskState implements TaskState {
  readonly damage: string | undefined
  readonly #taskId: string
  readonly #log: TaskLog
  readonly #limits: LogLimits
  readonly #logger: Logger
  readonly #onClose: () => void
  readonly #keyspaces: MapKeyspaces
  #marker: Marker | undefined
  /** The commit under way; it never rejects. */
  #busy: Promise<void> | undefined
  #isClosed = false
  /** After a rewrite that failed the log must grow up to here before the next. */
  #noRewriteBelowBytes = 0

  constructor(taskId: string, opened: OpenedLog, limits: LogLimits, logger: Logger, onClose: () => void) {
    this.#taskId = taskId
    this.#log = opened.log
    this.#limits = limits
    this.#logger = logger
    this.#onClose = onClose
    this.#keyspaces = opened.replayed.keyspaces
    this.#keyspaces.dropEmpty()
    this.#marker = opened.replayed.marker
    this.damage = damageOf(opened)
  }

  get marker(): Marker | undefined {
    return this.#marker
  }

  keyspace(id: string): MapKeyspace {
    return this.#keyspaces.keyspace(id)
  }

  keyspaceIds(): Iterable<string> {
    return this.#keyspaces.ids()
  }

  /** Commits never overlap: the next begins when the last has resolved or failed. */
  commit(batch: Batch, marker: Marker): Promise<void> {
    let dropped: readonly string[] = []
    const write = (frame: FrameWriter): void => {
      batch.forEach((id, key, value) => frame.change(id, key, value))
      dropped = batch.dropped ?? dropped
      for (const id of dropped) frame.clear(id)
    }
    return this.#commit(marker, write, () => {
      for (const id of dropped) this.#keyspaces.drop(id)
    })
  }

  clear(storeName: string, marker: Marker): Promise<void> {
    return this.#commit(marker, (frame) => {
      for (const id of this.#keyspaces.idsOf(storeName)) frame.clear(id)
    })
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#log.prepareToClose()
    await this.#busy
    await this.#log.close().finally(this.#onClose)
  }

  /** All of the frame is written before this returns. */
  #commit(marker: Marker, write: (frame: FrameWriter) => void, onApplied?: () => void): Promise<void> {
    assert(!this.#isClosed, `the state of task ${this.#taskId} is open when it is committed to`)
    assert(this.#busy === undefined, `commits of task ${this.#taskId} do not overlap`)
    const frame = this.#frameOf(marker, write)
    const done = this.#append(frame, marker, onApplied).finally(() => (this.#busy = undefined))
    this.#busy = done.catch(() => undefined)
    return done
  }

  #frameOf(marker: Marker, write: (frame: FrameWriter) => void): Buffer {
    const frame = new FrameWriter(marker, this.#limits.maxFrameBytes)
    try {
      write(frame)
    } catch (error) {
      if (!(error instanceof FrameTooLongError)) throw error
      throw new DiskError(
        'MILLRACE_STATE_COMMIT_TOO_LARGE',
        this.#taskId,
        this.#log.path,
        `a commit is too large for its state: ${error.message}. Commit more often, with less in each: a smaller ` +
          'uncommittedMaxBytes or commitIntervalMs',
        error,
      )
    }
    return frame.finish()
  }

  async #append(frame: Buffer, marker: Marker, onApplied: (() => void) | undefined): Promise<void> {
    try {
      await this.#log.append(frame)
    } catch (error) {
      throw new DiskError(
        'MILLRACE_STATE_WRITE_FAILED',
        this.#taskId,
        this.#log.path,
        `a commit of ${frame.byteLength} bytes could not be written to ${this.#log.path}: ${messageOf(error)}. ` +
          'Nothing is lost, and the commit is tried again: make room on that disk, or mend it',
        error,
      )
    }
    applyBody(frame.subarray(frameHeaderBytes), (id) => this.#keyspaces.keyspace(id))
    onApplied?.()
    this.#marker = marker
    if (this.#isMostlyDead) await this.#rewrite(marker)
  }

  get #isMostlyDead(): boolean {
    const { byteLength } = this.#log
    const { rewriteAboveBytes, rewriteAboveRatio } = this.#limits
    if (byteLength <= rewriteAboveBytes || byteLength <= this.#noRewriteBelowBytes) return false
    return byteLength > rewriteAboveRatio * this.#liveBytes
  }

  get #liveBytes(): number {
    let bytes = 0
    for (const [, keyspace] of this.#keyspaces.entries()) bytes += keyspace.byteLength
    return bytes
  }

  /** A part of the commit that caused it, so that no other commit is under way. Its failure is none of the commit. */
  async #rewrite(marker: Marker): Promise<void> {
    const bytesBefore = this.#log.byteLength
    try {
      if (!(await this.#log.replace(framesOf(this.#keyspaces, marker, this.#limits)))) return
      this.#noRewriteBelowBytes = 0
      this.#logger.debug({ bytesBefore, bytes: this.#log.byteLength }, 'the state log was written anew')
    } catch (error) {
      this.#noRewriteBelowBytes = bytesBefore + this.#limits.rewriteAboveBytes
      this.#logger.warn(
        { err: error, bytes: bytesBefore, nextAtBytes: this.#noRewriteBelowBytes },
        'the state log could not be written anew, and keeps growing until it can',
      )
    }
  }
}

/** All that lives, in frames of about a slice; the last one has the marker. */
function* framesOf(keyspaces: MapKeyspaces, marker: Marker, limits: LogLimits): Generator<Buffer> {
  let frame = new FrameWriter(undefined, limits.maxFrameBytes)
  for (const [id, keyspace] of keyspaces.entries()) {
    for (const [key, value] of keyspace.entries()) {
      frame.change(id, latin1ToBytes(key), value)
      if (frame.byteLength < limits.rewriteSliceBytes) continue
      yield frame.finish()
      frame = new FrameWriter(undefined, limits.maxFrameBytes)
    }
  }
  yield frame.finish()
  yield new FrameWriter(marker).finish()
}

function damageOf({ log, replayed, putAside }: OpenedLog): string | undefined {
  if (putAside !== undefined) {
    return `${log.path} cannot be read: ${replayed.found}. It was kept as ${putAside}, and the state begins empty`
  }
  return replayed.end === 'damaged'
    ? `${log.path} is damaged: ${replayed.found}. The state is that of the commit before, and the rest was cut off`
    : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
