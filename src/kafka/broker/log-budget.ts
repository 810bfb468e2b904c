import { Refusal } from './refusal.ts'

/** The bytes that all logs of the broker may hold together. */
export class LogBudget {
  readonly #maxBytes: number
  #usedBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  take(bytes: number, always: boolean): void {
    if (!always && this.#usedBytes + bytes > this.#maxBytes) {
      // Not KAFKA_STORAGE_ERROR: clients would repeat it for ever.
      throw new Refusal(
        'POLICY_VIOLATION',
        `the embedded broker keeps its logs in memory and holds ${this.#usedBytes} of at most ${this.#maxBytes} bytes; ` +
          'delete topics or records, or raise maxLogBytes',
      )
    }
    this.#usedBytes += bytes
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes
  }
}
