/** The processors of SplitGlobalScenarios.java. */
import type { FixedKeyProcessor, Processor } from '../../../src/processor/processor.ts'
import type { FixedKeyProcessorContext, ProcessorContext } from '../../../src/processor/processor-context.ts'
import type { StreamRecord, ValueAndTimestamp } from '../../../src/processor/record.ts'
import type { KeyValueStore } from '../../../src/processor/state-store.ts'
import type { WindowStore } from '../../../src/processor/window-store.ts'
import type { Text } from './vector-topology.ts'

type Filler = () => Processor<Text, Text, never, never>
type TextRecord = StreamRecord<Text, Text>

/** Gives every record to `put`, with the store of that name. */
function filler<S>(
  name: string,
  put: (store: S, record: TextRecord, context: ProcessorContext<never, never>) => void,
): Filler {
  return () => {
    let context: ProcessorContext<never, never>
    return {
      init: (given) => {
        context = given
      },
      process: (record) => put(context.getStateStore<S>(name), record, context),
    }
  }
}

export function keep(name: string, valueOf: (record: TextRecord) => Text = ({ value }) => value): Filler {
  return filler<KeyValueStore<string, string>>(name, (store, record) =>
    store.put(record.key ?? 'none', valueOf(record)),
  )
}

export const keepPlace: Filler = filler<KeyValueStore<string, string>>('places', (store, record, context) => {
  const { topic, partition, offset } = context.recordMetadata ?? { topic: null, partition: -1, offset: -1 }
  const place = `${topic}-${partition}@${offset}/${record.timestamp}/${record.headers.length}/${context.taskId}`
  store.put(String(record.key), place)
})

export const keepTimestamp: Filler = filler<KeyValueStore<Text, ValueAndTimestamp<string>>>(
  'ts',
  (store, { key, value, timestamp }) => store.put(key, value === null ? null : { value, timestamp: timestamp + 100 }),
)

export const countKeys: Filler = filler<KeyValueStore<Text, number>>('counts', (store, { key }, context) => {
  const other = context.getStateStore<KeyValueStore<Text, string>>('one')
  store.put(key, (store.get(key) ?? 0) + (other.get(key) === undefined ? 1 : 100))
})

export const keepWindow: Filler = filler<WindowStore<Text, string>>('gw', (store, { key, value, timestamp }) =>
  store.put(key, value, timestamp),
)

/** The value, and what a global store has under it. */
export function lookUp(name: string): () => Processor<Text, Text, Text, Text> {
  return () => {
    let context: ProcessorContext<Text, Text>
    return {
      init: (given) => {
        context = given
      },
      process: (record) => {
        const found = context.getStateStore<KeyValueStore<Text, unknown>>(name).get(record.value)
        context.forward({ ...record, value: `${record.value}=${plain(found)}` })
      },
    }
  }
}

function plain(found: unknown): string {
  if (typeof found !== 'object' || found === null) return String(found ?? null)
  const { value, timestamp } = found as ValueAndTimestamp<string>
  return `${value}@${timestamp}`
}

export function lookUpValue(): FixedKeyProcessor<Text, Text, string> {
  let context: FixedKeyProcessorContext<string>
  return {
    init: (given) => {
      context = given
    },
    process: (record) => {
      const store = context.getStateStore<KeyValueStore<Text, ValueAndTimestamp<string>>>('g')
      context.forward({ ...record, value: store.get(record.value)?.value ?? 'none' })
    },
  }
}

export function writeGlobal(): Processor<Text, Text, Text, Text> {
  let context: ProcessorContext<Text, Text>
  return {
    init: (given) => {
      context = given
    },
    process: (record) => {
      const store = context.getStateStore<KeyValueStore<Text, Text>>('gs')
      context.forward({ ...record, value: 'before' })
      store.put(record.key, record.value)
    },
  }
}
