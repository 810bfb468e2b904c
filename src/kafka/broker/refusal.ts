import { errorCodes } from '../protocol/error-codes.ts'

export type RefusalName = keyof typeof errorCodes

/**
 * An answer of the broker that is an error code. Thrown inside the broker wherever a request must not go on, and turned
 * into the field of the answer it belongs to by the request's handler; it never leaves the broker as an exception.
 */
export class Refusal extends Error {
  readonly errorCode: number
  /** With MEMBER_ID_REQUIRED: the id to join with. */
  readonly memberId: string

  constructor(name: RefusalName, message: string = name, memberId = '') {
    super(message)
    this.name = name
    this.errorCode = errorCodes[name]
    this.memberId = memberId
  }
}

/** The error code that `action` ends in: 0, or that of its refusal. */
export function codeOf(action: () => void): number {
  try {
    action()
    return 0
  } catch (error) {
    return refusalOf(error).errorCode
  }
}

/** A refusal is an answer; anything else is a fault of the broker and goes on. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  throw error
}
