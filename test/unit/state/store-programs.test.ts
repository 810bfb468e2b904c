/**
 * Random programs on stores of every kind, with commits, rollbacks, restarts and restores in between, beside a store that
 * only runs what was committed and never commits itself: answers and changelogs are the same. What the answers must be is
 * recorded from Java (test/testdata/vectors/stores.json).
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SessionTableStore, SessionStore } from '../../../src/processor/session-store.ts'
import { publicView } from '../../../src/processor/state-store.ts'
import type { StoreSpec } from '../../../src/processor/store-builder.ts'
import type { ChangeBuffer } from '../../../src/processor/time-ordered-buffer.ts'
import type { VersionedStore } from '../../../src/processor/versioned-store.ts'
import type { JoinWindowStore, WindowStore, WindowTableStore } from '../../../src/processor/window-store.ts'
import type { Serde } from '../../../src/serde/serde.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { LogEngine } from '../../../src/state/log-engine.ts'
import { MemoryEngine } from '../../../src/state/memory-engine.ts'
import { emptyMarker, type TaskState } from '../../../src/state/state-engine.ts'
import { DriverTopics } from '../../../src/testing/driver-topics.ts'
import { MemoryFileSystem } from '../../support/memory-file-system.ts'
import { storeFixture, storeSpec, type Logged, type StoreFixture } from '../../support/store-conformance.ts'

interface Command {
  readonly key: string
  readonly value: string | null
  /** In units of the kind's `step`; later ones by what went before. */
  readonly time: number
  readonly span: number
  readonly what: number
}

type Step = Command | 'commit' | 'rollback' | 'restart' | 'restore'

interface Kind {
  readonly spec: Partial<StoreSpec>
  readonly step: number
  /** Runs one command, and says what it answered. */
  run(store: unknown, command: Command): unknown
}

type Row = readonly [key: unknown, value: unknown]

const rows = (found: Iterable<Row>): unknown[] => [...found].map(([key, value]) => [key, value])

function runWindow(given: unknown, { key, value, time, span, what }: Command): unknown {
  const store = publicView(given) as WindowStore<string, unknown>
  const isTimed = (given as { cached?: boolean }).cached !== undefined
  switch (what % 8) {
    case 0:
      return store.fetch(key, time)
    case 1:
      return rows(store.range(key, time - span, time + span))
    case 2:
      return rows(store.range(key, time - span, time + span, { reverse: true }))
    case 3:
      return rows(store.range(undefined, time - span, time + span, { reverse: span % 2 === 0 }))
    default:
      return store.put(key, isTimed && value !== null ? { value, timestamp: time + span } : value, time)
  }
}

function runTable(given: unknown, command: Command): unknown {
  const { key, time, span, what } = command
  const table = given as WindowTableStore<string, string>
  if (what % 8 === 3) {
    const cursor = table.fetchAll(time - span, time + span)
    const found: unknown[] = []
    while (cursor.next()) found.push([cursor.key, cursor.start, cursor.value, cursor.timestamp])
    return found
  }
  if (what % 8 === 0) return [table.read(key, time), table.observedStreamTime].map((each) => JSON.stringify(each))
  return runWindow(given, command)
}

function runJoin(given: unknown, { key, value, time, span, what }: Command): unknown {
  const join = given as JoinWindowStore<string, string>
  if (what % 3 > 0) return join.put(key, value, time)
  const cursor = join.fetch(key, time - span, time + span)
  const found: unknown[] = []
  while (cursor.next()) found.push([cursor.start, cursor.value])
  return [found, join.observedStreamTime]
}

function runSession(given: unknown, { key, value, time, span, what }: Command): unknown {
  const table = given as SessionTableStore<string, string>
  const store = publicView(given) as SessionStore<string, string>
  switch (what % 8) {
    case 0:
      return store.fetchSession(key, time, time + span)
    case 1:
      return rows(store.find(key, time - span, time + span))
    case 2:
      return rows(store.find(undefined, time - span, time + span, { reverse: true }))
    case 3: {
      const cursor = table.findEnded(time - span, time + span)
      const found: unknown[] = []
      while (cursor.next()) found.push([cursor.key, cursor.start, cursor.end, cursor.value])
      return found
    }
    default:
      return store.put({ key, window: { start: time, end: time + span } }, value)
  }
}

function runVersioned(given: unknown, { key, value, time, what }: Command): unknown {
  const store = given as VersionedStore<string, string>
  switch (what % 6) {
    case 0:
      return store.get(key)
    case 1:
      return store.get(key, time)
    case 2:
      return store.delete(key, time)
    default:
      return store.put(key, value, time)
  }
}

function runBuffer(given: unknown, { key, value, time, span, what }: Command): unknown {
  const buffer = given as ChangeBuffer<string, string>
  const state = (): unknown[] => [buffer.size, buffer.byteLength, buffer.minTimeMs, buffer.priorValue(key)]
  if (what % 3 > 0) {
    const oldValue = span % 3 === 0 ? null : `old${span}`
    return [buffer.put(time, key, { newValue: value, oldValue, isLatest: true }), ...state()]
  }
  let evicted: unknown
  buffer.evictFirst((entry) => (evicted = { ...entry, headers: [] }))
  return [evicted, ...state()]
}

const window = { kind: 'window', retentionMs: 300_000, windowSizeMs: 10 } as const

const kinds: Readonly<Record<string, Kind>> = {
  windows: { spec: window, step: 7000, run: runWindow },
  'windows by time too': { spec: { ...window, timeOrdered: true }, step: 7000, run: runWindow },
  'windows that expire soon': { spec: { ...window, retentionMs: 30 }, step: 3, run: runWindow },
  'windows with duplicates': { spec: { ...window, retainDuplicates: true }, step: 7000, run: runJoin },
  'windows of tables': {
    spec: { ...window, kind: 'timestampedWindow', timeOrdered: true },
    step: 7000,
    run: runTable,
  },
  sessions: { spec: { kind: 'session', retentionMs: 300_000 }, step: 7000, run: runSession },
  'sessions by time too': {
    spec: { kind: 'session', retentionMs: 300_000, timeOrdered: true },
    step: 7000,
    run: runSession,
  },
  versions: { spec: { kind: 'versioned', historyRetentionMs: 9000 }, step: 1500, run: runVersioned },
  'changes that wait': { spec: { kind: 'changeBuffer' }, step: 5, run: runBuffer },
}

function steps(step: number): fc.Arbitrary<Step[]> {
  const command = fc.record({
    key: fc.constantFrom('a', 'b', 'a\0', 'aa'),
    value: fc.option(fc.string({ maxLength: 3 }), { nil: null, freq: 4 }),
    time: fc.integer({ min: 0, max: 12 }),
    span: fc.nat({ max: 8 }).map((units) => units * step),
    what: fc.nat({ max: 23 }),
  })
  const other = fc.constantFrom('commit', 'commit', 'rollback', 'restart', 'restore' as const)
  const one: fc.Arbitrary<Step> = fc.oneof({ weight: 8, arbitrary: command }, { weight: 1, arbitrary: other })
  // Time goes on.
  return fc
    .array(one, { maxLength: 60 })
    .map((all) =>
      all.map((each, i) =>
        typeof each === 'string' ? each : { ...each, time: Math.max(0, Math.floor(i / 2) - each.time) * step },
      ),
    )
}

interface Place {
  open(): Promise<TaskState>
}

function inMemory(): Place {
  const engine = new MemoryEngine()
  return { open: () => engine.open('0_0') }
}

function inLog(): Place {
  const engine = new LogEngine({ fileSystem: new MemoryFileSystem() })
  let state: TaskState | undefined
  return {
    async open() {
      await state?.close()
      state = await engine.open('0_0', '/state/0_0')
      return state
    },
  }
}

const strings: Serde<string> = serdes.string

class Run {
  readonly #kind: Kind
  readonly #makePlace: () => Place
  readonly #value: Serde<string>
  #place: Place
  #fixture!: StoreFixture
  #reference: StoreFixture
  readonly #committed: Command[] = []
  #uncommitted: Command[] = []
  readonly #changelog: { readonly record: Logged; readonly headers: string }[] = []
  #offset = 0

  constructor(kind: Kind, makePlace: () => Place) {
    this.#kind = kind
    this.#makePlace = makePlace
    this.#value = strings
    this.#place = makePlace()
    this.#reference = this.#over(new MemoryEngine().openNow('reference'))
  }

  async run(program: readonly Step[]): Promise<void> {
    this.#fixture = this.#over(await this.#place.open())
    for (const step of program) {
      if (typeof step !== 'string') this.#command(step)
      else if (step === 'rollback') this.#rollback()
      else await this.#commit()
      if (step === 'restart') this.#fixture = this.#over(await this.#place.open())
      if (step === 'restore') await this.#restore()
    }
    await this.#commit()
  }

  #over(state: TaskState): StoreFixture {
    return storeFixture(state, [storeSpec(strings, this.#value, this.#kind.spec)])
  }

  #command(command: Command): void {
    this.#uncommitted.push(command)
    const [answer, expected] = [this.#fixture, this.#reference].map((fixture) => this.#answer(fixture, command))
    expect(answer).toEqual(expected)
  }

  #answer({ stores, record }: StoreFixture, command: Command): unknown {
    stores.turn++
    record.timestamp = command.time
    record.offset = 0
    return this.#kind.run(stores.store('s'), command)
  }

  async #commit(): Promise<void> {
    for (const fixture of [this.#fixture, this.#reference]) expect(fixture.stores.flush(() => false)).toBe(true)
    // Java's table of dirty keys keeps its size for as long as the store lives, and the stores live differently long.
    const logged = this.#takeLogged(this.#fixture)
    expect(sorted(logged)).toEqual(sorted(this.#takeLogged(this.#reference)))
    expect(this.#fixture.expired.splice(0)).toEqual(this.#reference.expired.splice(0))
    this.#changelog.push(...logged)
    this.#committed.push(...this.#uncommitted.splice(0))
    const { stores } = this.#fixture
    const batch = stores.freeze()
    await stores.commit(batch, { ...emptyMarker, counters: stores.counters })
    expect(stores.isEmpty).toBe(true)
    expect(stores.budget).toEqual({ uncommittedBytes: 0, frozenBytes: 0, cacheBytes: 0, entries: 0 })
  }

  #takeLogged({ logged, loggedHeaders }: StoreFixture): { readonly record: Logged; readonly headers: string }[] {
    const headers = loggedHeaders.splice(0)
    return logged.splice(0).map((record, i) => ({ record, headers: headers[i] as string }))
  }

  #rollback(): void {
    this.#uncommitted = []
    this.#fixture.stores.rollback(false)
    this.#fixture.logged.length = 0
    this.#fixture.loggedHeaders.length = 0
    this.#fixture.expired.length = 0
    this.#reference = this.#over(new MemoryEngine().openNow('reference'))
    for (const command of this.#committed) this.#answer(this.#reference, command)
    this.#reference.stores.flush(() => false)
    this.#takeLogged(this.#reference)
    this.#reference.expired.length = 0
  }

  /** On another machine. */
  async #restore(): Promise<void> {
    this.#place = this.#makePlace()
    this.#fixture = this.#over(await this.#place.open())
    const topics = new DriverTopics()
    const topic = topics.topic('s-changelog')
    for (const { record, headers } of this.#changelog) {
      const [key, value] = [
        Buffer.from(record.key, 'hex'),
        record.value === null ? null : Buffer.from(record.value, 'hex'),
      ]
      const version = headers === '' ? [] : [['v', Buffer.of(3)] as const]
      const set = topics.make(topic, 0, key, value, record.timestamp, version)
      await this.#fixture.stores.restore('s', set, { ...emptyMarker, committedAtMs: this.#offset++ })
    }
  }
}

function sorted(logged: readonly unknown[]): string[] {
  return logged.map((each) => JSON.stringify(each)).toSorted()
}

describe.each([
  ['in memory', inMemory],
  ['in a log', inLog],
] as const)('A store %s', (_name, makePlace) => {
  for (const [name, kind] of Object.entries(kinds)) {
    it(`of ${name} answers and logs as if it had never committed, restarted or been restored`, async () => {
      await fc.assert(
        fc.asyncProperty(steps(kind.step), (program) => new Run(kind, makePlace).run(program)),
        { numRuns: 100 },
      )
    })
  }
})
