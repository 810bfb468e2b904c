/**
 * Makes the topology of a program with millrace: the counterpart of java/Calls.java. Types are left aside on
 * purpose: what a program does is known only when it runs, and the types of the DSL have tests of their own.
 */
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import { joinWithin } from '../../src/dsl/windows.ts'
import type { StreamsConfig } from '../../src/processor/streams-config.ts'
import type { Topology } from '../../src/topology/topology.ts'
import {
  fits,
  first,
  joined,
  last,
  listOf,
  mayFail,
  numberOf,
  orNull,
  pairs,
  parts,
  shorter,
  someToNull,
  text,
  topicOf,
} from './callbacks.ts'
import { keeper, rememberer, storeOf, transformer, valueRememberer } from './processors.ts'
import type { BranchOf, Call, WindowsOf } from './program.ts'
import {
  consumed,
  derived,
  given,
  joinStores,
  materialized,
  named,
  partitioned,
  plainText,
  serdeOf,
  serdesOf,
  storedAs,
  suppression,
  windowsOf,
  type Options,
} from './replay-options.ts'

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
      this.builder.stream(c.pattern === undefined ? (c.topics ?? []) : new RegExp(c.pattern), consumed(c, true)),
    table: (c) => invoke(this.builder, 'table', c.topic, { ...consumed(c), ...storedAs(c, c.k, c.v) }),
    globalTable: (c) => invoke(this.builder, 'globalTable', c.topic, { ...consumed(c), ...storedAs(c, 'S', 'S') }),
    addGlobalStore: (c) => {
      const store = storeOf({ store: c.store ?? '', kind: 'keyValue', logging: false })
      return invoke(this.builder, 'addGlobalStore', store, c.topic, consumed(c), () => keeper(store.name))
    },
    addStore: (c) => (c.uses === undefined ? undefined : this.builder.addStateStore(storeOf(c.uses))),
    filter: (c) => this.#on(c, 'filter', failing(c, fits), named(c)),
    filterNot: (c) => this.#on(c, 'filterNot', fits, named(c)),
    map: (c) => this.#on(c, 'map', (v: unknown, k: unknown) => [orNull(v), orNull(k)], named(c)),
    mapValues: (c) => this.#on(c, 'mapValues', failing(c, changed), named(c)),
    mapToNumber: (c) => this.#on(c, 'mapValues', numberOf, named(c)),
    mapToList: (c) => this.#on(c, 'mapValues', listOf, named(c)),
    mapSomeToNull: (c) => this.#on(c, 'mapValues', someToNull, named(c)),
    flatMap: (c) => this.#on(c, 'flatMap', failing(c, pairs), named(c)),
    flatMapValues: (c) => this.#on(c, 'flatMapValues', parts, named(c)),
    selectKey: (c) => this.#on(c, 'selectKey', failing(c, first), named(c)),
    selectNumber: (c) => this.#on(c, 'selectKey', numberOf, named(c)),
    peek: (c) =>
      this.#on(
        c,
        'peek',
        failing(c, () => undefined),
        named(c),
      ),
    forEach: (c) => this.#on(c, 'forEach', () => undefined, named(c)),
    merge: (c) => this.#on(c, 'merge', this.#get(c.other), named(c)),
    repartition: (c) =>
      this.#on(c, 'repartition', {
        ...serdesOf(c.k, c.v),
        ...named(c),
        ...partitioned(c),
        ...given('partitions', c.partitions),
      }),
    to: (c) => this.#on(c, 'to', c.topic, { ...serdesOf(c.k, c.v), ...named(c), ...partitioned(c) }),
    toChosen: (c) =>
      this.#on(c, 'to', topicOf[c.by ?? 'length'], {
        ...serdesOf(c.k, c.v),
        ...named(c),
        ...partitioned(c),
        topicLabel: `chosen by ${c.by}`,
      }),
    toTable: (c) => this.#on(c, 'toTable', { ...serdesOf(c.k, c.v), ...named(c), ...materialized(c, c.k, c.v) }),
    process: (c) => this.#on(c, 'process', () => rememberer(c), { ...named(c), ...usedStores(c) }),
    processValues: (c) => this.#on(c, 'processValues', () => valueRememberer(c), { ...named(c), ...usedStores(c) }),
    groupByKey: (c) => this.#on(c, 'groupByKey', { ...serdesOf(c.k, c.v), ...named(c) }),
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
      this.#on(c, 'transformValues', () => transformer(c), { ...named(c), ...derived(c, 'S'), ...usedStores(c) }),
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
      ...serdesOf(c.k, c.v),
      otherValue: serdeOf(c.vo),
      ...named(c),
      ...given('store', c.store),
      ...joinStores(c),
      ...given('logging', c.logging),
    })
  }

  #tableLookup(c: Call): unknown {
    return this.#on(c, joins[c.how ?? 'inner'], this.#get(c.other), joined, {
      ...serdesOf(c.k, c.v),
      otherValue: serdeOf(c.vo),
      ...named(c),
      ...given('grace', c.grace),
    })
  }

  #aggregate(c: Call): unknown {
    const grouped = c.windows === undefined ? this.#get(c.from) : this.#windowed(c, c.windows)
    const options = { ...named(c), ...materialized(c, c.k, c.agg === 'count' ? 'L' : 'S') }
    if (c.agg === 'count') return invoke(grouped, 'count', options)
    const full = { ...serdesOf(c.k, 'S'), ...options }
    const appended = (limit: number) => (a: unknown, v: unknown) => {
      mayFail(c.fails, v)
      return shorter(text(a) + text(v), limit)
    }
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
    const options = { ...serdesOf(c.k, 'S'), ...named(c), ...materialized(c, c.k, 'S') }
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

type Callback = (value: unknown, key: unknown) => unknown

function failing({ fails }: Call, callback: Callback): Callback {
  if (fails === undefined) return callback
  return (value, key) => {
    mayFail(fails, value)
    return callback(value, key)
  }
}

function usedStores({ uses, brings }: Call): Options {
  return uses === undefined ? {} : { stores: [brings === true ? storeOf(uses) : uses.store] }
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

function branched(branch: Omit<BranchOf, 'on'>): Options {
  const mapped = (stream: unknown): unknown => invoke(stream, 'mapValues', changed)
  const { topic } = branch
  if (topic === undefined) return { ...named(branch), ...(branch.mapped === true ? { withFunction: mapped } : {}) }
  return { ...named(branch), withConsumer: (s: unknown) => void invoke(mapped(s), 'to', topic, plainText) }
}
