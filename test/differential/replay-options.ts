/** Options of the calls of a random program, as millrace takes them. */
import { hopping, session, sliding, unlimited } from '../../src/dsl/windows.ts'
import type { StoreBuilder } from '../../src/processor/store-builder.ts'
import { nullable, type Serde } from '../../src/serde/serde.ts'
import { serdes } from '../../src/serde/serdes.ts'
import { stores } from '../../src/state/stores.ts'
import { partitioners, timeOfValue } from './callbacks.ts'
import type { Call, DataType, MaterializedAs, WindowsOf } from './program.ts'
import { versioned } from './versioned.ts'

export type Options = Readonly<Record<string, unknown>>

type AnySerdes = { readonly key: Serde<unknown>; readonly value: Serde<unknown> }

export const plainText: AnySerdes = serdesOf('S', 'S')

export function serdeOf(type: DataType = 'S'): Serde<unknown> {
  if (type === 'S') return serdes.string as Serde<unknown>
  if (type === 'L') return serdes.int64 as Serde<unknown>
  if (type === 'A') return serdes.list(serdes.string) as Serde<unknown>
  const [inner, windows] = type.startsWith('L') ? [serdeOf('L'), type.slice(1)] : [serdeOf('S'), type]
  if (windows === 'W') return serdes.sessionWindowed(inner) as Serde<unknown>
  const size = windows === 'Tmax' ? Number.MAX_SAFE_INTEGER : Number(windows.slice(1))
  return serdes.timeWindowed(inner, size) as Serde<unknown>
}

export function serdesOf(key: DataType | undefined, value: DataType | undefined): AnySerdes {
  return { key: serdeOf(key), value: serdeOf(value) }
}

export function given(option: string, value: unknown): Options {
  return value === undefined ? {} : { [option]: value }
}

export function named({ name }: { readonly name?: string }): Options {
  return given('name', name)
}

/** With the serdes, as Java's side gives them. */
export function materialized(c: Call, key: DataType | undefined, value: DataType | undefined): Options {
  return c.mat === undefined ? {} : { ...serdesOf(key, value), ...storedAs(c, key, value) }
}

/** Of a table that is made of another: giving a serde changes no name, so it stands for Java's default serde. */
export function derived(c: Call, value: DataType | undefined): Options {
  return { ...serdesOf(c.k, value), ...storedAs(c, c.k, value) }
}

/** A builder as store stands for a store supplier of Java. */
export function storedAs({ mat, windows }: Call, key: DataType | undefined, value: DataType | undefined): Options {
  if (mat === undefined) return {}
  const { store, history, supplier, ...rest } = mat
  if (store === undefined) return rest
  if (history !== undefined) return { store: versioned(store, history, serdesOf(key, value)), ...rest }
  return { store: supplier === undefined ? store : supplied(store, supplier, windows), ...rest }
}

function supplied(
  name: string,
  { retention = 0, size = 0 }: NonNullable<MaterializedAs['supplier']>,
  windows: WindowsOf | undefined,
): StoreBuilder {
  if (windows === undefined) return stores.keyValue(name, { persistent: false })
  if (windows.kind === 'session') return stores.session(name, { retention, persistent: false })
  return stores.window(name, { retention, windowSize: size, persistent: false })
}

export function joinStores({ suppliers, before = 0, after = 0, grace = 0 }: Call): Options {
  if (suppliers === undefined) return {}
  const times = { retention: before + after + grace, windowSize: before + after }
  const store = (name: string): StoreBuilder =>
    stores.window(name, { ...times, retainDuplicates: true, persistent: false })
  return { thisStore: store(suppliers.this), otherStore: store(suppliers.other) }
}

export function partitioned({ partitioner }: Call): Options {
  return partitioner === undefined ? {} : { partitioner: partitioners[partitioner] }
}

/** `admitsNull`: streams have null keys and values here, as they have in Java. */
export function consumed(c: Call, admitsNull = false): Options {
  const { key, value } = serdesOf(c.k, c.v)
  return {
    key: admitsNull ? nullable(key) : key,
    value: admitsNull ? nullable(value) : value,
    ...named(c),
    ...given('timestampExtractor', c.extractor === undefined ? undefined : timeOfValue),
  }
}

export function windowsOf(windows: WindowsOf): unknown {
  if (windows.kind === 'unlimited') return unlimited({ start: windows.start })
  if (windows.kind === 'sliding') return sliding({ difference: windows.difference, grace: windows.grace })
  if (windows.kind === 'session') return session({ gap: windows.gap, grace: windows.grace })
  return hopping({ size: windows.size, advance: windows.advance, grace: windows.grace })
}

export function suppression(c: Call): Options {
  const options = {
    ...named(c),
    ...given('logging', c.logging),
    ...given('maxRecords', c.maxRecords),
    ...given('maxBytes', c.maxBytes),
  }
  if (c.close === true) return { ...options, until: 'windowCloses' }
  return {
    ...options,
    until: { timeLimit: c.limit },
    ...given('whenFull', c.shutDown === true ? 'shutDown' : undefined),
  }
}
