/** Structured, compatible with pino: facts first, then the message. Records' contents are never logged. */
export interface Logger {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

const nothing = (): void => undefined

export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** A logger that adds `facts` to every line. */
export function childLogger(logger: Logger, facts: object): Logger {
  return {
    debug: (more, message) => logger.debug({ ...facts, ...more }, message),
    info: (more, message) => logger.info({ ...facts, ...more }, message),
    warn: (more, message) => logger.warn({ ...facts, ...more }, message),
    error: (more, message) => logger.error({ ...facts, ...more }, message),
  }
}
