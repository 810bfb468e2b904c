/**
 * How long a command waits for Kafka (`--timeout`). What takes long because there is much of it is no reason to give up:
 * a command that goes on for as long as there are records says so at each step, and its time begins anew. Nor is what
 * others take: who reads what is printed, who answers a question, who writes what is read.
 */
import { sleep, systemClock } from '../common/clock.ts'
import type { Clock } from '../common/clock.ts'
import { CliError } from '../errors/cli-error.ts'

export class Patience {
  readonly #limitMs: number
  readonly #clock: Clock
  /** Since when Kafka is waited for. */
  #sinceMs: number
  #isRenewed = false
  #exclusions = 0
  #progress: () => number = () => 0
  #seen = 0
  readonly #over = new AbortController()
  #isHeeded = false

  /** `limitMs` in milliseconds; undefined: without end. */
  constructor(limitMs: number | undefined, clock: Clock = systemClock) {
    this.#limitMs = limitMs ?? Infinity
    this.#clock = clock
    this.#sinceMs = clock.now()
  }

  /** Aborted when the time is over: who asks for it puts in order what is open, and is given some seconds for that. */
  get over(): AbortSignal {
    this.#isHeeded = true
    return this.#over.signal
  }

  get isHeeded(): boolean {
    return this.#isHeeded
  }

  /** Kafka has done something. */
  renew(): void {
    this.#sinceMs = this.#clock.now()
    this.#seen = this.#progress()
    this.#isRenewed = true
  }

  /** A number that changes while Kafka does something that is not waited for step by step. */
  heed(progress: () => number): void {
    this.#progress = progress
    this.renew()
  }

  /** The time of `work` is not Kafka's. */
  async excluding<T>(work: () => Promise<T>): Promise<T> {
    this.#exclusions++
    try {
      return await work()
    } finally {
      this.#exclusions--
      this.renew()
    }
  }

  /** The same for parts that come from somebody else; what is done with each counts. */
  async *between<T>(parts: AsyncIterable<T>): AsyncGenerator<T, void, void> {
    const iterator = parts[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await this.excluding(() => iterator.next())
        if (next.done === true) return
        yield next.value
      }
    } finally {
      await iterator.return?.()
    }
  }

  /** Throws when the time is over; resolves when `end` is aborted before that. `command` as somebody calls it. */
  async watch(command: string, end: AbortSignal): Promise<void> {
    if (this.#limitMs === Infinity) return new Promise((resolve) => end.addEventListener('abort', () => resolve()))
    while (!end.aborted) {
      const restMs = this.#restMs()
      if (restMs <= 0) {
        this.#over.abort()
        throw this.#timeout(command)
      }
      await sleep(this.#clock, restMs, end)
    }
  }

  #restMs(): number {
    if (this.#exclusions > 0) return this.#limitMs
    if (this.#progress() !== this.#seen) this.renew()
    return this.#sinceMs + this.#limitMs - this.#clock.now()
  }

  #timeout(command: string): CliError {
    const what = this.#isRenewed
      ? `'millrace ${command}' was at work, but Kafka has not answered for ${this.#limitMs} ms`
      : `'millrace ${command}' did not end within ${this.#limitMs} ms: Kafka does not answer in time`
    return new CliError('MILLRACE_COMMAND_TIMEOUT', `${what}; look with 'millrace doctor', or give a longer --timeout`)
  }
}
