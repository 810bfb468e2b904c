/**
 * Readings of sensors, made fewer: one average for each sensor and minute, and a moving one over five minutes. Each is
 * written once, when its window has closed, so that a row in a database never has to be changed.
 */
import { defineTopology, hopping, serdes, tumbling } from 'millrace'
import { byItsTime, jsonOf } from '../json-of.ts'

export const reading = jsonOf({ celsius: 'number', at: 'time' })

interface Sum {
  readonly readings: number
  readonly sum: number
  readonly lowest: number
  readonly highest: number
}
const sum = serdes.json<Sum>()
const noReadings: Sum = { readings: 0, sum: 0, lowest: 999, highest: -999 }

function plus(before: Sum, { celsius }: { readonly celsius: number }): Sum {
  return {
    readings: before.readings + 1,
    sum: before.sum + celsius,
    lowest: Math.min(before.lowest, celsius),
    highest: Math.max(before.highest, celsius),
  }
}

function average({ readings, sum: total, lowest, highest }: Sum): object {
  return { average: Math.round((total / readings) * 100) / 100, lowest, highest, readings }
}

export default defineTopology(
  'sensor-averages',
  (builder) => {
    const readings = builder
      .stream('readings', {
        key: serdes.string,
        value: reading,
        name: 'read-readings',
        timestampExtractor: byItsTime,
        onDeserializationError: 'skip',
      })
      .groupByKey()

    // Sensors on a radio link send again what was not acknowledged: half a minute late is still in time. The windows are
    // kept for a day, so that processors and tests can look at them; closing them needs no more than size and grace.
    const minutes = readings
      .windowedBy(tumbling({ size: '1m', grace: '30s' }))
      .emitStrategy('onWindowClose')
      .aggregate(() => noReadings, plus, { name: 'per-minute', store: 'per-minute', value: sum, retention: '1d' })
    const moving = readings
      .windowedBy(hopping({ size: '5m', advance: '1m', grace: '30s' }))
      .emitStrategy('onWindowClose')
      .aggregate(() => noReadings, plus, { name: 'moving', store: 'moving', value: sum })

    minutes
      .mapValues(average, { name: 'average-of-minute' })
      .toStream({ name: 'minutes-as-stream' })
      .to('minute-averages', {
        key: serdes.timeWindowed(serdes.string, '1m'),
        value: serdes.json<object>(),
        name: 'write-minutes',
      })
    moving
      .mapValues(average, { name: 'moving-average' })
      .toStream({ name: 'moving-as-stream' })
      .to('moving-averages', {
        key: serdes.timeWindowed(serdes.string, '5m'),
        value: serdes.json<object>(),
        name: 'write-moving',
      })
  },
  { naming: 'explicit' },
)
