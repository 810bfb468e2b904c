/** Scenarios of PublicScenarios.java that go through several families of operators. */
import { hopping, tumbling } from '../../../src/dsl/windows.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { dsl, STRINGS, strings, type VectorTopologies } from './vector-topology.ts'

const sum = (one: number, two: number): number => one + two

export const mixedVectors: VectorTopologies = {
  'changelog and sink bytes: Integer, Long, Double, UUID, unicode': dsl((b) => {
    b.stream('ints', { key: serdes.int32, value: serdes.float64 })
      .groupByKey()
      .reduce(sum, { store: 'doubles' })
      .toStream()
      .to('out-double')
    b.stream('uuids', { key: serdes.uuid, value: serdes.int64 })
      .groupByKey()
      .windowedBy(tumbling({ size: 10 }))
      .reduce(sum, { store: 'longs' })
      .toStream()
      .to('out-long')
    b.table('text', { ...strings, store: 'unicode' })
      .toStream()
      .to('out-text')
  }),
  'page views by region (docs example)': dsl((b) => {
    const users = b.table('users', strings)
    b.stream('views', STRINGS)
      .leftJoin(users, (_view, region) => region ?? 'UNKNOWN')
      .map((region) => [region, region])
      .groupByKey(strings)
      .windowedBy(hopping({ size: 300, advance: 60 }))
      .count({ store: 'views-by-region' })
      .toStream((_count, { key, window }) => `${key}@${window.start}`)
      .to('out', { key: serdes.string, value: serdes.int64 })
  }),
}
