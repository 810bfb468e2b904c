/**
 * The root of every error that millrace throws on purpose.
 *
 * `code` names the error for programs and for `docs/errors.md` (test `error.code`, not `instanceof`: two copies of the
 * package have two classes). `reaction` is what the runtime switches on; there is no other channel between the layer
 * that saw the fault and the thread that must act on it:
 *
 * | reaction              | the thread                                                                            |
 * |-----------------------|---------------------------------------------------------------------------------------|
 * | `retriable`           | tries the same call again after a back-off; nothing has changed                       |
 * | `abortable`           | aborts the transaction and processes the records again (rollback)                     |
 * | `producer-fenced`     | rollback with a new producer; group membership is kept                                |
 * | `member-fenced`       | its tasks are lost: discards them before any JoinGroup, then joins anew               |
 * | `unknown-outcome`     | a commit may or may not have happened: rollback, then replay from the engine's marker |
 * | `offset-out-of-range` | applies the reset policy of that partition                                            |
 * | `fatal`               | stops; `onUncaughtError` decides how much                                             |
 */
export type Reaction =
  'retriable' | 'abortable' | 'producer-fenced' | 'member-fenced' | 'unknown-outcome' | 'offset-out-of-range' | 'fatal'

/**
 * Every code starts so, is unique, and has a section in `docs/errors.md`; `test/codebase` checks it. `ErrorCode` in
 * `error-code.ts` is the list of all.
 */
export type CodeForm = `MILLRACE_${string}`

export interface StreamsErrorOptions {
  readonly cause?: unknown
  /** Default `fatal`. */
  readonly reaction?: Reaction
}

export class StreamsError extends Error {
  readonly code: CodeForm
  readonly reaction: Reaction

  constructor(code: CodeForm, message: string, options: StreamsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.reaction = options.reaction ?? 'fatal'
  }
}

/** What the runtime must do about `error`: that of a StreamsError, `fatal` for anything else. */
export function reactionOf(error: unknown): Reaction {
  if (error instanceof Error && 'reaction' in error && typeof error.reaction === 'string') {
    return error.reaction as Reaction
  }
  return 'fatal'
}
