import { StreamsError, type Reaction } from './streams-error.ts'

export const diskErrors = {
  MILLRACE_STATE_OPEN_FAILED: 'the local state of a task could not be opened',
  MILLRACE_STATE_WRITE_FAILED: 'a commit could not be written to the local state of its task',
  MILLRACE_STATE_COMMIT_TOO_LARGE: 'a commit has more bytes than one write to the local state can have',
} as const

const reactions: Readonly<Record<keyof typeof diskErrors, Reaction>> = {
  MILLRACE_STATE_OPEN_FAILED: 'fatal',
  MILLRACE_STATE_WRITE_FAILED: 'retriable',
  MILLRACE_STATE_COMMIT_TOO_LARGE: 'fatal',
}

/** The disk, or what is on it, fails the state of a task. The cause is the system's own error. */
export class DiskError extends StreamsError {
  declare readonly code: keyof typeof diskErrors
  readonly taskId: string
  readonly path: string
  /** `ENOSPC`, `EACCES`, …; undefined where the failure is none of the system's. */
  readonly systemCode: string | undefined

  constructor(code: keyof typeof diskErrors, taskId: string, path: string, message: string, cause?: unknown) {
    super(code, `task ${taskId}: ${message}`, { cause, reaction: isDiskFull(cause) ? 'retriable' : reactions[code] })
    this.taskId = taskId
    this.path = path
    this.systemCode = systemCodeOf(cause)
  }
}

/** It passes when somebody makes room; the disk itself is well. */
export function isDiskFull(error: unknown): boolean {
  const code = systemCodeOf(error)
  return code === 'ENOSPC' || code === 'EDQUOT'
}

function systemCodeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}
