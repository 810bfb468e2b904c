/**
 * An alert when a card pays in three cities without resting for ten minutes in between: payments of a card are put into
 * sessions, and a session that has seen three cities is suspicious.
 */
import { defineTopology, serdes, session, type Windowed } from 'millrace'
import { byItsTime, jsonOf } from '../json-of.ts'

export const payment = jsonOf({ city: 'text', cents: 'number', at: 'time' })

interface Spree {
  readonly cities: readonly string[]
  readonly payments: number
  readonly cents: number
}

const nothing: Spree = { cities: [], payments: 0, cents: 0 }
const citiesMax = 3

function joined(one: Spree, two: Spree): Spree {
  return {
    cities: [...new Set([...one.cities, ...two.cities])],
    payments: one.payments + two.payments,
    cents: one.cents + two.cents,
  }
}

function alert(spree: Spree, { window }: Windowed<string>): object {
  return { ...spree, from: new Date(window.start).toISOString(), to: new Date(window.end).toISOString() }
}

export default defineTopology(
  'fraud-detection',
  (builder) => {
    builder
      .stream('card-payments', {
        key: serdes.string,
        value: payment,
        name: 'read-payments',
        timestampExtractor: byItsTime,
        // One terminal that writes nonsense must not keep the alerts of all cards waiting.
        onDeserializationError: 'skip',
      })
      .groupByKey()
      // Some terminals deliver their payments late: for five minutes they still count, and may make two sessions one.
      .windowedBy(session({ gap: '10m', grace: '5m' }))
      .aggregate(
        () => nothing,
        (spree, { city, cents }) => joined(spree, { cities: [city], payments: 1, cents }),
        joined,
        { name: 'sum-up-spree', store: 'sprees', value: serdes.json<Spree>() },
      )
      .toStream({ name: 'sprees-as-stream' })
      // A session that has become a part of another one is deleted: null.
      .filter((spree) => spree !== null, { name: 'not-deleted' })
      .filter(({ cities }) => cities.length >= citiesMax, { name: 'suspicious' })
      .map((spree, card) => [card.key, alert(spree, card)], { name: 'to-alert' })
      .to('fraud-alerts', { key: serdes.string, value: serdes.json<object>(), name: 'write-alerts' })
  },
  { naming: 'explicit' },
)
