/**
 * State that was refused because its changelog lost what it still has: it may be the only copy. A file beside it says so.
 * While that is there, the state is neither gone on from, since others may have filled the changelog with a history of
 * their own meanwhile, nor removed with that of tasks that run elsewhere. Only a person removes it.
 */
import path from 'node:path'
import type { FileSystem } from '../common/file-system.ts'
import { RuntimeError } from '../errors/runtime-error.ts'

const fileName = 'refused.txt'

export function isRefusal(error: unknown): error is RuntimeError {
  return error instanceof RuntimeError && error.code === 'MILLRACE_CHANGELOG_BEHIND_STATE'
}

/** Leaves the file; one that is there stays, since it has the first reason. */
export async function noteRefusal(
  fileSystem: FileSystem,
  directory: string,
  { code, message }: RuntimeError,
  nowMs: number,
): Promise<void> {
  const file = await fileSystem.open(path.join(directory, fileName), 'append')
  try {
    if (file.size > 0) return
    await file.append([Buffer.from(`${new Date(nowMs).toISOString()} ${code}\n${message}\n`)])
    await file.sync()
  } finally {
    await file.close()
  }
}

export async function isRefused(fileSystem: FileSystem, directory: string): Promise<boolean> {
  return (await fileSystem.list(directory)).includes(fileName)
}

export async function requireNotRefused(fileSystem: FileSystem, directory: string, taskId: string): Promise<void> {
  if (!(await isRefused(fileSystem, directory))) return
  const file = path.join(directory, fileName)
  throw new RuntimeError(
    'MILLRACE_CHANGELOG_BEHIND_STATE',
    `task ${taskId}: its state in ${directory} was refused before, because a changelog had lost what the state has; ${file} says when and why. Nothing was touched. To go on with what the changelog has, remove ${directory}; where the changelog has all of it again, remove that file`,
  )
}
