/**
 * A logger that writes a line of JSON per event, with pino's field names, so that what reads pino's logs reads these.
 * Secrets are redacted at any depth, and nothing in a line commands the terminal that shows it. An error or a warning that
 * says the same as one a moment ago is counted and not repeated: what fails in a loop must not fill a disk.
 */
import { hostname } from 'node:os'
import { systemClock, type Clock } from './clock.ts'
import type { Logger } from './logger.ts'
import { plainJson } from './plain-json.ts'
import { redact } from './redact.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface JsonLoggerOptions {
  /** What is below is left out. Default `info`. */
  readonly level?: LogLevel
  /** Takes one line, with its line feed. Default: standard error. */
  readonly destination?: { write(line: string): unknown }
  /** Facts of every line: `{ service: 'counts' }`. */
  readonly base?: object
  /** The same warning or error is told once per so many milliseconds, and the next one says how many there were. Default 10000; 0: all. */
  readonly repeatIntervalMs?: number
}

/** pino's numbers. */
const numbers: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warn: 40, error: 50 }
const maxRemembered = 200

interface Repetition {
  toldAtMs: number
  suppressed: number
}

/**
 * A logger of lines of JSON for `StreamsConfig.logger`: `level` (20, 30, 40, 50), `time` (milliseconds since the epoch),
 * `pid`, `hostname`, `msg`, the facts, and errors as `err: { type, message, stack, code, … }`, as pino writes them.
 *
 * @example
 * new KafkaStreams(topology, { ...config, logger: jsonLogger({ level: 'debug', destination: process.stdout }) })
 */
export function jsonLogger(options: JsonLoggerOptions = {}): Logger {
  return new JsonLogger(options, systemClock)
}

export class JsonLogger implements Logger {
  readonly #threshold: number
  readonly #destination: { write(line: string): unknown }
  readonly #base: object
  readonly #intervalMs: number
  readonly #clock: Pick<Clock, 'now'>
  readonly #told = new Map<string, Repetition>()

  constructor(options: JsonLoggerOptions, clock: Pick<Clock, 'now'>) {
    this.#threshold = numbers[options.level ?? 'info']
    this.#destination = options.destination ?? process.stderr
    this.#base = { pid: process.pid, hostname: hostname(), ...options.base }
    this.#intervalMs = options.repeatIntervalMs ?? 10_000
    this.#clock = clock
  }

  debug(facts: object, message: string): void {
    this.#write('debug', facts, message)
  }

  info(facts: object, message: string): void {
    this.#write('info', facts, message)
  }

  warn(facts: object, message: string): void {
    this.#writeOnce('warn', facts, message)
  }

  error(facts: object, message: string): void {
    this.#writeOnce('error', facts, message)
  }

  #writeOnce(level: LogLevel, facts: object, message: string): void {
    if (numbers[level] < this.#threshold) return
    const key = `${level} ${message} ${sameness(facts)}`
    const now = this.#clock.now()
    const known = this.#told.get(key)
    if (known !== undefined && now - known.toldAtMs < this.#intervalMs && now >= known.toldAtMs) {
      known.suppressed++
      return
    }
    const suppressed = known?.suppressed ?? 0
    this.#told.delete(key)
    this.#told.set(key, { toldAtMs: now, suppressed: 0 })
    const [oldest] = this.#told.keys()
    if (this.#told.size > maxRemembered && oldest !== undefined) this.#told.delete(oldest)
    this.#write(level, suppressed > 0 ? { ...facts, suppressed } : facts, message)
  }

  #write(level: LogLevel, facts: object, message: string): void {
    if (numbers[level] < this.#threshold) return
    const own = { level: numbers[level], time: this.#clock.now(), ...this.#base }
    // Twice: the first gives them their place in the line, the second keeps facts of the same names from hiding them.
    const line = { ...own, ...(redact(facts) as object), ...own, msg: message }
    this.#destination.write(`${plainJson(line)}\n`)
  }
}

/** What tells events of one message apart: where, and which error. */
function sameness(facts: object): string {
  const { err, error = err, taskId, node, store, topic } = facts as Readonly<Record<string, unknown>>
  const { code, name, message } = (error ?? {}) as {
    readonly code?: unknown
    readonly name?: unknown
    readonly message?: unknown
  }
  return JSON.stringify([taskId, node, store, topic, code ?? name, code === undefined ? message : undefined])
}
