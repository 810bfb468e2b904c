/**
 * Makes the topology of a program with millrace: the counterpart of DifferentialRunner.java. Types are left aside on
 * purpose: what a program does is known only when it runs, and the types of the DSL have tests of their own.
 */
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { hopping, joinWithin, session, sliding, unlimited } from '../../src/dsl/windows.ts'
import { StoreBuilder } from '../../src/processor/store-builder.ts'
import type { StreamsConfig } from '../../src/processor/streams-config.ts'
import { nullable, type Serde } from '../../src/serde/serde.ts'
import { serdes } from '../../src/serde/serdes.ts'
import type { Topology } from '../../src/topology/topology.ts'
import {
  fits,
  first,
  joined,
  last,
  orNull,
  pairs,
  parts,
  rememberer,
  shorter,
  someToNull,
  text,
  topicOf,
  transformer,
  valueRememberer,
} from './callbacks.ts'
import type { BranchOf, Call, DataType, WindowsOf } from './program.ts'
import { versioned } from './versioned.ts'

type Options = Readonly<Record<string, unknown>>
type Methods = Readonly<Record<string, (...rest: readonly unknown[]) => unknown>>

export function replay(calls: readonly Call[], config: Partial<StreamsConfig>): Topology {
  const replayer = new Replayer(config)
  for (const call of calls) replayer.perform(call)
  return replayer.builder.build()
}

const joins = { inner: 'join', left: 'leftJoin', outer: 'outerJoin' } as const

class Replayer {
  readonly builder: StreamsBuilder
  readonly #made = new Map<number, unknown>()

  constructor(config: Partial<StreamsConfig>) {
    this.builder = new StreamsBuilder(config)
  }

  perform(c: Call): void {
    const operation = this.#operations[c.op]
    if (operation === undefined) throw new Error(`unknown call ${c.op}`)
    const result = operation(c)
    if (c.id !== undefined) this.#made.set(c.id, result)
  }

  /** The method of what `from` names. */
  #on(c: Call, method: string, ...rest: readonly unknown[]): unknown {
    return invoke(this.#get(c.from), method, ...rest)
  }

  #get(id: number | undefined): unknown {
    const made = id === undefined ? undefined : this.#made.get(id)
    if (made === undefined) throw new Error(`nothing was made as ${id}`)
    return made
  }

  readonly #operations: Readonly<Record<string, (c: Call) => unknown>> = {
    stream: (c) =>
      this.builder.stream(c.pattern === undefined ? (c.topics ?? []) : new RegExp(c.pattern), {
        ...nullableText,
        ...named(c),
      }),
    table: (c) => invoke(this.builder, 'table', c.topic, { ...plainText, ...named(c), ...storedAs(c, 'S', 'S') }),
    globalTable: (c) =>
      invoke(this.builder, 'globalTable', c.topic, { ...plainText, ...named(c), ...storedAs(c, 'S', 'S') }),
    addStore: (c) => this.builder.addStateStore(textStore(c.store ?? '')),
    filter: (c) => this.#on(c, 'filter', fits, named(c)),
    filterNot: (c) => this.#on(c, 'filterNot', fits, named(c)),
    map: (c) => this.#on(c, 'map', (v: unknown, k: unknown) => [orNull(v), orNull(k)], named(c)),
    mapValues: (c) => this.#on(c, 'mapValues', changed, named(c)),
    mapSomeToNull: (c) => this.#on(c, 'mapValues', someToNull, named(c)),
    flatMap: (c) => this.#on(c, 'flatMap', pairs, named(c)),
    flatMapValues: (c) => this.#on(c, 'flatMapValues', parts, named(c)),
    selectKey: (c) => this.#on(c, 'selectKey', first, named(c)),
    peek: (c) => this.#on(c, 'peek', () => undefined, named(c)),
    forEach: (c) => this.#on(c, 'forEach', () => undefined, named(c)),
    merge: (c) => this.#on(c, 'merge', this.#get(c.other), named(c)),
    repartition: (c) => this.#on(c, 'repartition', { ...serdesOf('S', c.v), ...named(c) }),
    to: (c) => this.#on(c, 'to', c.topic, { ...(c.inherit === true ? {} : serdesOf(c.k, c.v)), ...named(c) }),
    toChosen: (c) => this.#on(c, 'to', topicOf, { ...serdesOf(c.k, c.v), ...named(c), topicLabel: 'chosen by length' }),
    toTable: (c) => this.#on(c, 'toTable', { ...plainText, ...named(c), ...materialized(c, 'S', 'S') }),
    process: (c) => this.#on(c, 'process', () => rememberer(c), { ...named(c), stores: c.stores ?? [] }),
    processValues: (c) =>
      this.#on(c, 'processValues', () => valueRememberer(c), { ...named(c), stores: c.stores ?? [] }),
    groupByKey: (c) => this.#on(c, 'groupByKey', { ...serdesOf('S', c.v), ...named(c) }),
    groupBy: (c) => this.#on(c, 'groupBy', first, { ...serdesOf('S', c.v), ...named(c) }),
    split: (c) => this.#split(c),
    branch: (c) => (this.#get(c.from) as readonly unknown[])[c.index ?? 0],
    streamJoin: (c) => this.#streamJoin(c),
    tableLookup: (c) => this.#tableLookup(c),
    globalLookup: (c) => this.#on(c, joins[c.how ?? 'inner'], this.#get(c.other), first, joined, named(c)),
    aggregate: (c) => this.#aggregate(c),
    cogroup: (c) => this.#cogroup(c),
    tableFilter: (c) => this.#on(c, 'filter', fits, { ...named(c), ...derived(c, c.v) }),
    tableFilterNot: (c) => this.#on(c, 'filterNot', fits, { ...named(c), ...derived(c, c.v) }),
    tableMapValues: (c) => this.#on(c, 'mapValues', someToNull, { ...named(c), ...derived(c, 'S') }),
    transformValues: (c) =>
      this.#on(c, 'transformValues', () => transformer(c), {
        ...named(c),
        ...derived(c, 'S'),
        stores: c.stores ?? [],
      }),
    toStream: (c) => this.#on(c, 'toStream', named(c)),
    toStreamWithKey: (c) =>
      this.#on(c, 'toStream', (v: unknown, k: unknown) => (v === null ? text(k) : first(v)), named(c)),
    tableGroupBy: (c) =>
      this.#on(c, 'groupBy', (v: unknown) => [text(v).startsWith('n') ? null : first(v), v], {
        ...serdesOf('S', c.v),
        ...named(c),
      }),
    tableAggregate: (c) => this.#tableAggregate(c),
    tableJoin: (c) =>
      this.#on(c, joins[c.how ?? 'inner'], this.#get(c.other), joined, { ...named(c), ...derived(c, 'S') }),
    foreignKeyJoin: (c) =>
      this.#on(c, c.how === 'inner' ? 'joinOn' : 'leftJoinOn', this.#get(c.other), foreignKey, joined, {
        ...named(c),
        ...derived(c, 'S'),
      }),
    suppress: (c) => this.#on(c, 'suppress', suppression(c)),
  }

  #split(c: Call): unknown[] {
    let branches = this.#on(c, 'split', named(c))
    for (const branch of c.branches ?? []) {
      const isA = (_value: unknown, key: unknown): boolean => text(key) === 'a'
      branches = invoke(branches, 'branch', branch.on === 'a' ? isA : fits, branched(branch))
    }
    const all =
      c.default === undefined
        ? invoke(branches, 'noDefaultBranch')
        : invoke(branches, 'defaultBranch', branched(c.default))
    const byName = [...(all as ReadonlyMap<string, unknown>)].toSorted(([one], [two]) => (one < two ? -1 : 1))
    return byName.map(([, stream]) => stream)
  }

  #streamJoin(c: Call): unknown {
    const windows = joinWithin({ before: c.before ?? 0, after: c.after ?? 0, grace: c.grace ?? 0 })
    return this.#on(c, joins[c.how ?? 'inner'], this.#get(c.other), joined, windows, {
      ...serdesOf('S', c.v),
      otherValue: serdeOf(c.vo),
      ...named(c),
      ...given('store', c.store),
      ...given('logging', c.logging),
    })
  }

  #tableLookup(c: Call): unknown {
    return this.#on(c, joins[c.how ?? 'inner'], this.#get(c.other), joined, {
      ...serdesOf('S', c.v),
      otherValue: serdeOf(c.vo),
      ...named(c),
      ...given('grace', c.grace),
    })
  }

  #aggregate(c: Call): unknown {
    const grouped = c.windows === undefined ? this.#get(c.from) : this.#windowed(c, c.windows)
    const options = { ...named(c), ...materialized(c, 'S', c.agg === 'count' ? 'L' : 'S') }
    if (c.agg === 'count') return invoke(grouped, 'count', options)
    const full = { ...plainText, ...options }
    const appended = (limit: number) => (a: unknown, v: unknown) => shorter(text(a) + text(v), limit)
    if (c.agg === 'reduce') return invoke(grouped, 'reduce', appended(4), full)
    const merger = c.windows?.kind === 'session' ? [merged] : []
    return invoke(grouped, 'aggregate', empty, appended(5), ...merger, full)
  }

  #windowed(c: Call, windows: WindowsOf): unknown {
    const windowed = this.#on(c, 'windowedBy', windowsOf(windows))
    return c.emit === undefined ? windowed : invoke(windowed, 'emitStrategy', 'onWindowClose')
  }

  #cogroup(c: Call): unknown {
    const add = (a: unknown, v: unknown): string | null => shorter(text(a) + text(v), 6)
    const [one, ...others] = (c.groups ?? []).map((id) => this.#get(id))
    let all = invoke(one, 'cogroup', add)
    for (const other of others) all = invoke(all, 'cogroup', other, add)
    const options = { ...plainText, ...named(c), ...materialized(c, 'S', 'S') }
    if (c.windows === undefined) return invoke(all, 'aggregate', empty, options)
    const merger = c.windows.kind === 'session' ? [merged] : []
    return invoke(invoke(all, 'windowedBy', windowsOf(c.windows)), 'aggregate', empty, ...merger, options)
  }

  #tableAggregate(c: Call): unknown {
    const options = { ...named(c), ...materialized(c, 'S', c.agg === 'count' ? 'L' : 'S') }
    if (c.agg === 'count') return this.#on(c, 'count', options)
    const full = { ...plainText, ...options }
    const reduce = (sign: string) => (a: unknown, v: unknown) => last(`${text(a)}${sign}${text(v)}`, 8)
    if (c.agg === 'reduce') return this.#on(c, 'reduce', reduce('+'), reduce('-'), full)
    const add = (sign: string) => (a: unknown, v: unknown) => shorter(`${text(a)}${sign}${text(v)}`, 9)
    return this.#on(c, 'aggregate', empty, add('+'), add('-'), full)
  }
}

function invoke(target: unknown, method: string, ...rest: readonly unknown[]): unknown {
  const methods = target as Methods
  if (typeof methods[method] !== 'function') throw new Error(`there is no ${method}()`)
  return methods[method](...rest)
}

function changed(value: unknown): string {
  return last(`${text(value)}m`, 6)
}

function foreignKey(value: unknown): string | null {
  return text(value).startsWith('n') ? null : first(value)
}

function merged(one: unknown, two: unknown): string {
  return last(`${text(one)}|${text(two)}`, 6)
}

function empty(): string {
  return ''
}

// --- options --------------------------------------------------------------------------------------------------------

type AnySerdes = { readonly key: Serde<unknown>; readonly value: Serde<unknown> }

const plainText: AnySerdes = serdesOf('S', 'S')
const nullableText: AnySerdes = { key: nullable(plainText.key), value: nullable(plainText.value) }

function serdeOf(type: DataType = 'S'): Serde<unknown> {
  if (type === 'S') return serdes.string as Serde<unknown>
  if (type === 'L') return serdes.int64 as Serde<unknown>
  if (type === 'W') return serdes.sessionWindowed(serdes.string) as Serde<unknown>
  const size = type === 'Tmax' ? Number.MAX_SAFE_INTEGER : Number(type.slice(1))
  return serdes.timeWindowed(serdes.string, size) as Serde<unknown>
}

function serdesOf(key: DataType | undefined, value: DataType | undefined): AnySerdes {
  return { key: serdeOf(key), value: serdeOf(value) }
}

function given(option: string, value: unknown): Options {
  return value === undefined ? {} : { [option]: value }
}

function named({ name }: { readonly name?: string }): Options {
  return given('name', name)
}

/** With the serdes, as Java's side gives them. */
function materialized(c: Call, key: DataType | undefined, value: DataType | undefined): Options {
  return c.mat === undefined ? {} : { ...serdesOf(key, value), ...storedAs(c, key, value) }
}

/** Of a table that is made of another: giving a serde changes no name, so it stands for Java's default serde. */
function derived(c: Call, value: DataType | undefined): Options {
  return { ...serdesOf(c.k, value), ...storedAs(c, c.k, value) }
}

function storedAs({ mat }: Call, key: DataType | undefined, value: DataType | undefined): Options {
  if (mat === undefined) return {}
  const { store, history, ...rest } = mat
  if (store === undefined) return rest
  return { store: history === undefined ? store : versioned(store, history, serdesOf(key, value)), ...rest }
}

function textStore(name: string): StoreBuilder {
  return new StoreBuilder({ kind: 'keyValue', name, ...plainText, caching: false, logging: true, changelogConfig: {} })
}

function branched(branch: Omit<BranchOf, 'on'>): Options {
  const mapped = (stream: unknown): unknown => invoke(stream, 'mapValues', changed)
  const { topic } = branch
  if (topic === undefined) return { ...named(branch), ...(branch.mapped === true ? { withFunction: mapped } : {}) }
  return { ...named(branch), withConsumer: (s: unknown) => void invoke(mapped(s), 'to', topic, plainText) }
}

function windowsOf(windows: WindowsOf): unknown {
  if (windows.kind === 'unlimited') return unlimited({ start: windows.start })
  if (windows.kind === 'sliding') return sliding({ difference: windows.difference, grace: windows.grace })
  if (windows.kind === 'session') return session({ gap: windows.gap, grace: windows.grace })
  return hopping({ size: windows.size, advance: windows.advance, grace: windows.grace })
}

function suppression(c: Call): Options {
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
