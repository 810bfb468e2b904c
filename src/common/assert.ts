/** Checks what only a bug in millrace itself can break; never user input. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`millrace: broken invariant: ${message} (please report this)`)
}

/** For the `default` branch of a switch that covers everything; a new case is then a compile error. */
export function unreachable(value: never, message: string): never {
  throw new Error(`millrace: broken invariant: ${message}: ${String(value)} (please report this)`)
}
