/** A sealed batch on its way: its bytes, and the sequence it got when it was first sent and keeps for ever. */
export interface ProducerBatch {
  readonly bytes: Buffer
  readonly recordCount: number
  /** What it counts for against the buffer's limit. */
  readonly bufferedBytes: number
  /** The transaction it belongs to, counted here; always 0 without transactions. */
  readonly transaction: number
  readonly sealedAtMs: number
  /** -1 until it is first sent. */
  sequence: number
  isInFlight: boolean
  attempts: number
}
