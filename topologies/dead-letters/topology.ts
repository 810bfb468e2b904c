/**
 * Payments in euro cents for a ledger, and an answer to each way in which a record can fail: what cannot be read, what
 * cannot be converted and what cannot be written becomes a dead letter, a bug in this file stops the application.
 */
import { defineTopology, serdes, type ErrorAction, type SerdeType } from 'millrace'
import { jsonOf } from '../json-of.ts'

export const payment = jsonOf({ amount: 'number', currency: 'text' })

const euroCentsPerUnit: ReadonlyMap<string, number> = new Map([
  ['EUR', 100],
  ['GBP', 115],
  ['USD', 92],
])

/** A record's fault, which no restart and no correction of the code would heal. */
export class UnknownCurrency extends Error {
  override readonly name = 'UnknownCurrency'
}

function toEuroCents({ amount, currency }: SerdeType<typeof payment>): number {
  const rate = euroCentsPerUnit.get(currency)
  if (rate === undefined) throw new UnknownCurrency(`there is no rate for '${currency}'`)
  return Math.round(amount * rate)
}

const toLetterBox: ErrorAction = { deadLetter: 'payments-dead-letters' }

/** Only what is known to be the record's fault is put aside. An error that nobody thought of is not hidden in a topic. */
export function onProcessingError(error: Error): ErrorAction {
  return error instanceof UnknownCurrency ? toLetterBox : 'fail'
}

export default defineTopology(
  'payment-ledger',
  (builder) => {
    const key = serdes.string
    builder
      .stream('payments', { key, value: payment, name: 'read-payments', onDeserializationError: toLetterBox })
      .mapValues(toEuroCents, { name: 'to-euro-cents', onProcessingError })
      // The ledger reads 32 bits: what does not fit into them fails here, and is not cut.
      .to('ledger', { key, value: serdes.int32, name: 'write-ledger', onProductionError: toLetterBox })
  },
  { naming: 'explicit' },
)
