/**
 * The grammar: a seed gives a program. What is drawn here must run on Kafka Streams without failing most of the time; a
 * program that it refuses is a test too (millrace must refuse it), but a short one.
 */
import { SeededRandom } from '../simulation/seeded-random.ts'
import { generateSteps } from './generate-steps.ts'
import type { Call, DataType, MaterializedAs, Program, ProgramConfig, WindowsOf } from './program.ts'

type Kind = 'stream' | 'table' | 'group' | 'groupedTable' | 'globalTable' | 'split'

/** What a call made, and of what type it is. */
interface Made {
  readonly id: number
  readonly kind: Kind
  readonly key: DataType
  readonly value: DataType
  /** As far as known from the calls: it has a version history. */
  readonly versioned?: true
}

const optimizations = [
  'all',
  'reuse.ktable.source.topics',
  'merge.repartition.topics',
  'single.store.self.join',
  'reuse.ktable.source.topics,merge.repartition.topics',
] as const

export function generate(seed: number): Program {
  const random = new SeededRandom(seed, 'differential')
  const config: ProgramConfig = {
    cache: random.chance(0.25) ? 1_000_000 : 0,
    optimization: random.chance(0.35) ? random.pick(optimizations) : 'none',
    emitInterval: random.chance(0.1) ? random.pick([5, 30]) : 0,
  }
  const calls = new Grammar(random)
  calls.write(random.between(2, random.chance(0.2) ? 24 : 10))
  return {
    seed,
    config,
    calls: calls.calls,
    steps: generateSteps(random, calls.inputs),
    queries: calls.stores,
  }
}

type Rule = readonly [weight: number, write: () => boolean]

class Grammar {
  readonly calls: Call[] = []
  readonly inputs: string[] = []
  /** Those that have a given name. */
  readonly stores: string[] = []
  readonly #random: SeededRandom
  readonly #made: Made[] = []
  readonly #processorStores: string[] = []
  #names = 0
  #ids = 0

  readonly #rules: readonly Rule[] = [
    [6, () => this.#source()],
    [4, () => this.#tableSource()],
    [2, () => this.#globalTable()],
    [18, () => this.#stateless()],
    [5, () => this.#to()],
    [3, () => this.#toTable()],
    [4, () => this.#process()],
    [9, () => this.#group()],
    [20, () => this.#aggregate()],
    [4, () => this.#cogroup()],
    [3, () => this.#split()],
    [8, () => this.#streamJoin()],
    [7, () => this.#tableLookup()],
    [3, () => this.#globalLookup()],
    [10, () => this.#tableOperator()],
    [6, () => this.#toStream()],
    [8, () => this.#tableGroup()],
    [16, () => this.#tableAggregate()],
    [9, () => this.#tableJoin()],
    [8, () => this.#foreignKeyJoin()],
    [6, () => this.#suppress()],
  ]

  constructor(random: SeededRandom) {
    this.#random = random
  }

  write(size: number): void {
    const sum = this.#rules.reduce((total, [weight]) => total + weight, 0)
    this.#source()
    for (let written = 0, tries = 0; written < size && tries < size * 20; tries++) {
      let at = this.#random.below(sum)
      const rule = this.#rules.find(([weight]) => (at -= weight) < 0)
      if (rule?.[1]() === true) written++
    }
    this.#observe()
  }

  /** What nobody reads says nothing: most tables and some streams go to topics of their own. */
  #observe(): void {
    const read = new Set(this.calls.flatMap(({ from, other, groups = [] }) => [from, other, ...groups]))
    for (const made of this.#made) {
      if (read.has(made.id) || !this.#random.chance(0.75)) continue
      if (made.kind === 'stream') this.#sink(made)
      else if (made.kind === 'table') this.#sink(this.#streamOf(made))
    }
  }

  // --- sources ------------------------------------------------------------------------------------------------------

  #source(): boolean {
    if (!this.inputs.includes('p1') && this.#random.chance(0.04)) {
      this.inputs.push('p1', 'p2')
      this.#add('stream', { op: 'stream', pattern: 'p[0-9]', ...this.#named(0.15) }, 'S', 'S')
      return true
    }
    const topics = [this.#random.pick(['t1', 't2', 't3'])]
    if (this.#random.chance(0.05)) topics.push(`more-${this.#name()}`)
    this.inputs.push(...topics)
    this.#add('stream', { op: 'stream', topics, ...this.#named(0.15) }, 'S', 'S')
    return true
  }

  #tableSource(): boolean {
    const tables = this.inputs.filter((input) => input.startsWith('table'))
    const again = tables.length > 0 && this.#random.chance(0.04)
    const topic = again ? this.#random.pick(tables) : `table${this.#names++}`
    this.inputs.push(topic)
    const mat = this.#random.chance(0.2) ? this.#versionedStore() : this.#materialized(0.4)
    const versioned = mat.mat?.history === undefined ? {} : { versioned: true as const }
    this.#add('table', { op: 'table', topic, ...this.#named(0.2), ...mat }, 'S', 'S', versioned)
    return true
  }

  #globalTable(): boolean {
    const topic = `global${this.#names++}`
    this.inputs.push(topic)
    this.#add(
      'globalTable',
      {
        op: 'globalTable',
        topic,
        ...this.#named(0.2),
        ...(this.#random.chance(0.4) ? this.#materialized(1, false) : {}),
      },
      'S',
      'S',
    )
    return true
  }

  // --- streams ------------------------------------------------------------------------------------------------------

  #stateless(): boolean {
    const from = this.#pick('stream')
    if (from === undefined) return false
    const call = { from: from.id, ...this.#named(0.2) }
    const op = this.#random.pick([
      'filter',
      'filterNot',
      'map',
      'mapValues',
      'mapSomeToNull',
      'flatMap',
      'flatMapValues',
      'selectKey',
      'selectKey',
      'peek',
      'forEach',
      'merge',
      'merge',
      'repartition',
    ])
    if (op === 'merge') return this.#merge(from)
    if (op === 'repartition') return this.#repartition(from)
    if (op === 'forEach') this.calls.push({ op, ...call })
    else if (op === 'filter' || op === 'filterNot' || op === 'peek')
      this.#add('stream', { op, ...call }, from.key, from.value)
    else if (op === 'map' || op === 'flatMap') this.#add('stream', { op, ...call }, 'S', 'S')
    else if (op === 'selectKey') this.#add('stream', { op, ...call }, 'S', from.value)
    else this.#add('stream', { op, ...call }, from.key, 'S')
    return true
  }

  #merge(from: Made): boolean {
    const other = this.#pick('stream', ({ key, value }) => key === from.key && value === from.value)
    if (other === undefined) return false
    this.#add('stream', { op: 'merge', from: from.id, other: other.id, ...this.#named(0.2) }, from.key, from.value)
    return true
  }

  #repartition(from: Made): boolean {
    if (from.key !== 'S') return false
    this.#add('stream', { op: 'repartition', from: from.id, v: from.value, ...this.#named(0.2) }, 'S', from.value)
    return true
  }

  #to(): boolean {
    const from = this.#pick('stream')
    if (from === undefined) return false
    this.#sink(from)
    return true
  }

  #sink({ id, key, value }: Made): void {
    if (this.#random.chance(0.04)) {
      this.calls.push({ op: 'toChosen', from: id, k: key, v: value, ...this.#named(0.2) })
      return
    }
    this.calls.push({ op: 'to', from: id, topic: `out${this.#names++}`, k: key, v: value, ...this.#named(0.2) })
  }

  #toTable(): boolean {
    const from = this.#pickText('stream')
    if (from === undefined) return false
    const mat = this.#random.chance(0.1) ? this.#versionedStore() : this.#materialized(0.4)
    const versioned = mat.mat?.history === undefined ? {} : { versioned: true as const }
    this.#add('table', { op: 'toTable', from: from.id, ...this.#named(0.2), ...mat }, 'S', 'S', versioned)
    return true
  }

  #process(): boolean {
    const from = this.#pick('stream')
    if (from === undefined) return false
    const fixed = this.#random.chance(0.4)
    const punctuate = !fixed && this.#random.chance(0.25) ? { punctuate: 10 } : {}
    const stores = this.#random.chance(0.7) ? { stores: [this.#processorStore()] } : {}
    const op = fixed ? 'processValues' : 'process'
    // A punctuator forwards text as key, also where the keys are windows.
    if (from.key !== 'S' && !fixed) return false
    this.#add('stream', { op, from: from.id, ...stores, ...punctuate, ...this.#named(0.3) }, from.key, 'S')
    return true
  }

  #processorStore(): string {
    if (this.#processorStores.length === 0 || this.#random.chance(0.6)) {
      const store = this.#name()
      this.calls.push({ op: 'addStore', store })
      this.stores.push(store)
      this.#processorStores.push(store)
    }
    return this.#random.pick(this.#processorStores)
  }

  #split(): boolean {
    const from = this.#pick('stream')
    if (from === undefined) return false
    const names = this.#named(0.5)
    let results = 0
    const branch = (): { name?: string; plain?: true; topic?: string; mapped?: true } => {
      const named = names.name === undefined ? {} : this.#named(0.6)
      const kind = this.#random.below(4)
      if (kind === 0) return { ...named, topic: `out${this.#names++}` }
      results++
      return kind === 1 && from.value === 'S' ? { ...named, mapped: true } : { ...named, plain: true }
    }
    const branches = Array.from({ length: this.#random.between(1, 3) }, () => ({
      on: this.#random.pick(['a', 'even'] as const),
      ...branch(),
    }))
    const rest = this.#random.chance(0.6) ? { default: branch() } : {}
    if (from.key !== 'S' || from.value !== 'S') return false
    const all = this.#ids++
    this.calls.push({ op: 'split', id: all, from: from.id, ...names, branches, ...rest })
    for (let index = 0; index < results; index++) {
      this.#add('stream', { op: 'branch', from: all, index }, from.key, from.value)
    }
    return true
  }

  // --- groups and aggregations --------------------------------------------------------------------------------------

  #group(): boolean {
    const by = this.#random.chance(0.5)
    const from = by ? this.#pick('stream') : this.#pick('stream', ({ key }) => key === 'S')
    if (from === undefined) return false
    const op = by ? 'groupBy' : 'groupByKey'
    this.#add('group', { op, from: from.id, v: from.value, ...this.#named(0.2) }, 'S', from.value)
    return true
  }

  #aggregate(): boolean {
    const agg = this.#random.pick(['count', 'reduce', 'aggregate'] as const)
    const from = this.#pick('group', ({ value }) => agg !== 'reduce' || value === 'S')
    if (from === undefined) return false
    const windowed = this.#random.chance(0.6) ? this.#windows() : undefined
    const versions = windowed === undefined && this.#random.chance(0.06)
    const mat = versions ? this.#versionedStore() : this.#materialized(0.5, true, windowed !== undefined)
    const options = { ...this.#named(0.2), ...mat }
    const call = { op: 'aggregate', from: from.id, agg, ...options }
    const value = agg === 'count' ? 'L' : 'S'
    if (windowed === undefined) this.#add('table', call, 'S', value, versions ? { versioned: true } : {})
    else {
      const emit = windowed.windows.kind !== 'unlimited' && this.#random.chance(0.3) ? { emit: 'close' as const } : {}
      this.#add('table', { ...call, windows: windowed.windows, ...emit }, windowed.key, value)
    }
    return true
  }

  #cogroup(): boolean {
    const groups = Array.from({ length: this.#random.between(1, 3) }, () => this.#pick('group'))
    const ids = [...new Set(groups.flatMap((group) => (group === undefined ? [] : [group.id])))]
    if (ids.length === 0) return false
    const windowed = this.#random.chance(0.6) ? this.#windows() : undefined
    const options = { ...this.#named(0.2), ...this.#materialized(0.5, true, windowed !== undefined) }
    const windows = windowed === undefined ? {} : { windows: windowed.windows }
    this.#add('table', { op: 'cogroup', groups: ids, ...windows, ...options }, windowed?.key ?? 'S', 'S')
    return true
  }

  #windows(): { readonly windows: WindowsOf; readonly key: DataType } {
    const grace = this.#random.pick([0, 0, 3, 10, 40])
    switch (this.#random.below(5)) {
      case 0:
        return { windows: { kind: 'time', size: 10, advance: 10, grace }, key: 'T10' }
      case 1:
        return { windows: { kind: 'time', size: 12, advance: this.#random.pick([4, 5]), grace }, key: 'T12' }
      case 2:
        return { windows: { kind: 'sliding', difference: 8, grace }, key: 'T8' }
      case 3:
        return { windows: { kind: 'session', gap: 6, grace }, key: 'W' }
      default:
        if (this.#random.chance(0.7)) return { windows: { kind: 'time', size: 10, advance: 5, grace }, key: 'T10' }
        return { windows: { kind: 'unlimited', start: this.#random.pick([0, 12]) }, key: 'Tmax' }
    }
  }

  // --- joins of streams ---------------------------------------------------------------------------------------------

  #streamJoin(): boolean {
    const from = this.#pick('stream', ({ key }) => key === 'S')
    const other = this.#random.chance(0.15) ? from : this.#pick('stream', ({ key }) => key === 'S')
    if (from === undefined || other === undefined) return false
    const before = this.#random.pick([0, 5, 10, 10, 15])
    const call: Call = {
      op: 'streamJoin',
      how: this.#random.pick(['inner', 'left', 'outer']),
      from: from.id,
      other: other.id,
      v: from.value,
      vo: other.value,
      before,
      after: this.#random.chance(0.7) ? before : this.#random.pick([0, 4, 12, ...(before >= 5 ? [-4] : [])]),
      grace: this.#random.pick([0, 0, 5, 20]),
      ...this.#named(0.25),
      ...(this.#random.chance(0.25) ? { store: this.#name() } : {}),
      ...(this.#random.chance(0.1) ? { logging: false } : {}),
    }
    this.#add('stream', call, 'S', 'S')
    return true
  }

  #tableLookup(): boolean {
    const from = this.#pick('stream', ({ key }) => key === 'S')
    const other = this.#pick('table', ({ key }) => key === 'S')
    if (from === undefined || other === undefined) return false
    const grace = this.#random.chance(other.versioned ? 0.5 : 0.03) ? { grace: this.#random.pick([0, 5, 20]) } : {}
    const how = this.#random.pick(['inner', 'left'] as const)
    const types = { v: from.value, vo: other.value }
    const call = { op: 'tableLookup', how, from: from.id, other: other.id, ...types, ...grace, ...this.#named(0.3) }
    this.#add('stream', call, 'S', 'S')
    return true
  }

  #globalLookup(): boolean {
    const from = this.#pick('stream')
    const other = this.#pick('globalTable')
    if (from === undefined || other === undefined) return false
    const how = this.#random.pick(['inner', 'left'] as const)
    this.#add('stream', { op: 'globalLookup', how, from: from.id, other: other.id, ...this.#named(0.3) }, from.key, 'S')
    return true
  }

  // --- tables -------------------------------------------------------------------------------------------------------

  #tableOperator(): boolean {
    const from = this.#pick('table')
    if (from === undefined) return false
    const op = this.#random.pick([
      'tableFilter',
      'tableFilterNot',
      'tableMapValues',
      'tableMapValues',
      'transformValues',
    ])
    const stores = op === 'transformValues' && this.#random.chance(0.5) ? { stores: [this.#processorStore()] } : {}
    const versions = this.#random.chance(from.versioned ? 0.15 : 0.02)
    const mat = versions ? this.#versionedStore() : this.#random.chance(0.25) ? this.#materialized(1) : {}
    const value = op === 'tableFilter' || op === 'tableFilterNot' ? from.value : 'S'
    const call = { op, from: from.id, k: from.key, v: from.value, ...stores, ...this.#named(0.2), ...mat }
    this.#add('table', call, from.key, value, from.versioned || versions ? { versioned: true } : {})
    return true
  }

  #toStream(): boolean {
    const from = this.#pick('table')
    if (from === undefined) return false
    this.#streamOf(from)
    return true
  }

  #streamOf(from: Made): Made {
    const withKey = this.#random.chance(from.key === 'S' ? 0.2 : 0.4)
    const op = withKey ? 'toStreamWithKey' : 'toStream'
    return this.#add('stream', { op, from: from.id, ...this.#named(0.2) }, withKey ? 'S' : from.key, from.value)
  }

  #tableGroup(): boolean {
    const from = this.#pick('table')
    if (from === undefined) return false
    const call = { op: 'tableGroupBy', from: from.id, v: from.value, ...this.#named(0.25) }
    this.#add('groupedTable', call, 'S', from.value)
    return true
  }

  #tableAggregate(): boolean {
    const agg = this.#random.pick(['count', 'reduce', 'aggregate'] as const)
    const from = this.#pick('groupedTable', ({ value }) => agg !== 'reduce' || value === 'S')
    if (from === undefined) return false
    const call = {
      op: 'tableAggregate',
      from: from.id,
      agg,
      ...this.#named(0.2),
      ...(this.#random.chance(0.05) ? this.#versionedStore() : this.#materialized(0.5)),
    }
    this.#add('table', call, 'S', agg === 'count' ? 'L' : 'S')
    return true
  }

  #tableJoin(): boolean {
    const from = this.#pick('table')
    if (from === undefined) return false
    const other = this.#random.chance(0.1) ? from : this.#pick('table', ({ key }) => key === from.key)
    if (other === undefined) return false
    const how = this.#random.pick(['inner', 'left', 'outer'] as const)
    const versions = this.#random.chance(0.04)
    const mat = versions ? this.#versionedStore() : this.#random.chance(0.3) ? this.#materialized(1) : {}
    const call = { op: 'tableJoin', how, from: from.id, other: other.id, k: from.key, ...this.#named(0.2), ...mat }
    this.#add('table', call, from.key, 'S')
    return true
  }

  #foreignKeyJoin(): boolean {
    const text = ({ key }: Made): boolean => key === 'S'
    const from = this.#pick('table', text)
    const other = this.#random.chance(0.1) ? from : this.#pick('table', text)
    if (from === undefined || other === undefined) return false
    const how = this.#random.pick(['inner', 'left'] as const)
    const mat = this.#random.chance(0.3) ? this.#materialized(1) : {}
    const call = { op: 'foreignKeyJoin', how, from: from.id, other: other.id, ...this.#named(0.25), ...mat }
    this.#add('table', call, 'S', 'S')
    return true
  }

  #suppress(): boolean {
    const from = this.#pick('table')
    if (from === undefined) return false
    const logging = this.#random.chance(0.1) ? { logging: false as const } : {}
    const call = { op: 'suppress', from: from.id, ...logging, ...this.#named(0.25) }
    const close = from.key === 'S' ? this.#random.chance(0.02) : this.#random.chance(0.5)
    const { key, value } = from
    if (close) this.#add('table', { ...call, close: true }, key, value)
    else this.#add('table', { ...call, limit: this.#random.pick([0, 5, 10, 40]), ...this.#bufferLimit() }, key, value)
    return true
  }

  #bufferLimit(): Partial<Call> {
    switch (this.#random.below(5)) {
      case 0:
        return { maxRecords: this.#random.between(1, 3), ...(this.#random.chance(0.1) ? { shutDown: true } : {}) }
      case 1:
        return { maxBytes: this.#random.pick([100, 200, 400]) }
      default:
        return {}
    }
  }

  // --- options ------------------------------------------------------------------------------------------------------

  #add(kind: Kind, call: Call, key: DataType, value: DataType, more: Partial<Made> = {}): Made {
    const id = this.#ids++
    const made: Made = { id, kind, key, value, ...more }
    this.calls.push({ ...call, id })
    this.#made.push(made)
    return made
  }

  /** Rather a recent one than an old one, so that chains become long. */
  #pick(kind: Kind, fits: (made: Made) => boolean = () => true): Made | undefined {
    const candidates = this.#made.filter((made) => made.kind === kind && fits(made))
    if (candidates.length === 0) return undefined
    return this.#random.pick(this.#random.chance(0.6) ? candidates.slice(-3) : candidates)
  }

  #pickText(kind: Kind): Made | undefined {
    return this.#pick(kind, ({ key, value }) => key === 'S' && value === 'S')
  }

  /** Short and long, with and without a common beginning: their hashes decide Java's order. */
  #name(): string {
    const base = this.#random.pick(['n', 'processor-', 'KSTREAM-MAP-', 'a.b_', 'Z', ''])
    const letters = Array.from({ length: this.#random.between(1, 5) }, () =>
      String.fromCharCode('a'.charCodeAt(0) + this.#random.below(26)),
    )
    return `${base}${letters.join('')}${this.#names++}`
  }

  #named(probability: number): { name?: string } {
    return this.#random.chance(probability) ? { name: this.#name() } : {}
  }

  #materialized(probability: number, caching = true, windowed = false): { mat?: MaterializedAs } {
    const named = this.#random.chance(probability)
    if (!named && this.#random.chance(0.6)) return {}
    const store = named ? this.#name() : undefined
    if (store !== undefined) this.stores.push(store)
    const mat: MaterializedAs = {
      ...(store === undefined ? {} : { store }),
      ...(caching && this.#random.chance(0.25) ? { caching: this.#random.chance(0.4) } : {}),
      ...(caching && this.#random.chance(0.1) ? { logging: false } : {}),
      ...(windowed && this.#random.chance(0.2) ? { retention: this.#random.pick([60, 100, 1000]) } : {}),
    }
    return { mat }
  }

  #versionedStore(): { mat: MaterializedAs } {
    const store = this.#name()
    this.stores.push(store)
    return { mat: { store, history: this.#random.pick([20, 100, 100_000]) } }
  }
}
