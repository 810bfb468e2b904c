/**
 * The directories of tasks in a slot: `<slot>/0_3/`. Which there are, and which are removed because their task has moved
 * elsewhere. Refused state stays, since it may be the only copy. Nothing but a name of a task is ever touched; whether a task is in use is its caller's to know.
 */
import path from 'node:path'
import type { FileSystem } from '../common/file-system.ts'
import { silentLogger, type Logger } from '../common/logger.ts'
import { isRefused } from './refusal.ts'

export interface CleanUpOptions {
  /** Tasks that this instance has in use; asked again before each removal. */
  readonly keep: ReadonlySet<string>
  /** Written within this time before `nowMs`: kept, since the task may come back. */
  readonly olderThanMs: number
  readonly nowMs: number
  /** Refused state that the log has told of; what is found is added. */
  readonly toldOf: Set<string>
  readonly fileSystem: FileSystem
  readonly logger?: Logger
}

/** Java's default of `state.cleanup.delay.ms`. */
export const cleanUpDelayMs = 600_000

const taskName = /^\d+_\d+$/
/** Renamed first, so that a crash does not leave half of a task's files under its name. */
const removedName = /^\d+_\d+\.removed$/

/** The tasks that have state in the slot, in no order. */
export async function localTasks(slotDirectory: string, fileSystem: FileSystem): Promise<string[]> {
  const tasks: string[] = []
  for (const name of await fileSystem.list(slotDirectory)) {
    if (!taskName.test(name)) continue
    const files = await filesOf(path.join(slotDirectory, name), fileSystem)
    if (files !== undefined && files.length > 0) tasks.push(name)
  }
  return tasks
}

/** Removes the directories of tasks that are not in use and were not written lately; returns the tasks. */
export async function cleanUpTasks(slotDirectory: string, options: CleanUpOptions): Promise<string[]> {
  const { keep, fileSystem, toldOf, logger = silentLogger } = options
  const removed: string[] = []
  for (const name of await fileSystem.list(slotDirectory)) {
    const directory = path.join(slotDirectory, name)
    if (removedName.test(name)) await fileSystem.remove(directory)
    if (!taskName.test(name) || keep.has(name) || !(await isOld(directory, options))) continue
    if (await isRefused(fileSystem, directory)) {
      if (!toldOf.has(name)) {
        const what = 'state that was refused is kept until somebody removes it, though its task runs elsewhere'
        logger.info({ taskId: name, directory }, what)
      }
      toldOf.add(name)
      continue
    }
    const aside = `${directory}.removed`
    await fileSystem.remove(aside)
    // Last, because the task may have been assigned while the disk was asked.
    if (keep.has(name)) continue
    await fileSystem.rename(directory, aside)
    await fileSystem.remove(aside)
    removed.push(name)
  }
  if (removed.length > 0) {
    logger.info(
      { slotDirectory, tasks: removed },
      `removed the local state of ${removed.length} tasks that run elsewhere: ${removed.join(', ')}`,
    )
  }
  return removed
}

async function isOld(directory: string, { fileSystem, olderThanMs, nowMs }: CleanUpOptions): Promise<boolean> {
  const files = await filesOf(directory, fileSystem)
  if (files === undefined) return false
  // The directory's own time is that of the last file made or removed in it.
  for (const file of [directory, ...files]) {
    const writtenAtMs = await fileSystem.modifiedAtMs(file)
    if (writtenAtMs !== undefined && writtenAtMs > nowMs - olderThanMs) return false
  }
  return true
}

/** Undefined where it is not a directory, and so nothing that this program made. */
async function filesOf(directory: string, fileSystem: FileSystem): Promise<string[] | undefined> {
  try {
    return (await fileSystem.list(directory)).map((name) => path.join(directory, name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined
    throw error
  }
}
