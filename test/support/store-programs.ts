/**
 * What tests of stores of every kind share: commands of each kind, with what they answer; programs of them among which
 * other things happen; and where the state is.
 */
import fc from 'fast-check'
import type { SessionTableStore, SessionStore } from '../../src/processor/session-store.ts'
import { publicView } from '../../src/processor/state-store.ts'
import type { StoreSpec } from '../../src/processor/store-builder.ts'
import type { ChangeBuffer } from '../../src/processor/time-ordered-buffer.ts'
import type { VersionedStore } from '../../src/processor/versioned-store.ts'
import type { JoinWindowStore, WindowStore, WindowTableStore } from '../../src/processor/window-store.ts'
import { LogEngine } from '../../src/state/log-engine.ts'
import { MemoryEngine } from '../../src/state/memory-engine.ts'
import type { RecordSet } from '../../src/processor/record-set.ts'
import { DriverTopics } from '../../src/testing/driver-topics.ts'
import type { TaskState } from '../../src/state/state-engine.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import type { Logged, StoreFixture } from './store-conformance.ts'

export interface Command {
  readonly key: string
  readonly value: string | null
  /** In units of the kind's `step`; later ones by what went before. */
  readonly time: number
  readonly span: number
  readonly what: number
}

export interface Kind {
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

export const kinds: Readonly<Record<string, Kind>> = {
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

/** Runs it as one record. */
export function answer(kind: Kind, { stores, record }: StoreFixture, command: Command): unknown {
  stores.turn++
  record.timestamp = command.time
  record.offset = 0
  return kind.run(stores.store('s'), command)
}

/** Time goes on; `weight`: of what else happens, by a tenth. */
export function programs<E extends string>(
  step: number,
  weight: number,
  others: readonly E[],
): fc.Arbitrary<(Command | E)[]> {
  const command = fc.record({
    key: fc.constantFrom('a', 'b', 'a\0', 'aa'),
    value: fc.option(fc.string({ maxLength: 3 }), { nil: null, freq: 4 }),
    time: fc.integer({ min: 0, max: 12 }),
    span: fc.nat({ max: 8 }).map((units) => units * step),
    what: fc.nat({ max: 23 }),
  })
  const one: fc.Arbitrary<Command | E> = fc.oneof(
    { weight: 10 - weight, arbitrary: command },
    { weight, arbitrary: fc.constantFrom(...others) },
  )
  return fc
    .array(one, { maxLength: 60 })
    .map((all) =>
      all.map((each, i) =>
        typeof each === 'string' ? each : { ...each, time: Math.max(0, Math.floor(i / 2) - each.time) * step },
      ),
    )
}

/** A record of a changelog, with its headers. */
export interface LoggedWithHeaders {
  readonly record: Logged
  readonly headers: string
}

export function takeLogged({ logged, loggedHeaders }: StoreFixture): LoggedWithHeaders[] {
  const headers = loggedHeaders.splice(0)
  return logged.splice(0).map((record, i) => ({ record, headers: headers[i] as string }))
}

/** Java's table of dirty keys keeps its size for as long as the store lives, and stores may live differently long. */
export function sorted(logged: readonly unknown[]): string[] {
  return logged.map((each) => JSON.stringify(each)).toSorted()
}

/** The record at the end of a store's changelog, as a restore gets it. */
export function changelogSet({ record, headers }: LoggedWithHeaders): RecordSet {
  const topics = new DriverTopics()
  const value = record.value === null ? null : Buffer.from(record.value, 'hex')
  const version = headers === '' ? [] : [['v', Buffer.of(3)] as const]
  return topics.make(topics.topic('s-changelog'), 0, Buffer.from(record.key, 'hex'), value, record.timestamp, version)
}

export interface Place {
  open(): Promise<TaskState>
}

export function inMemory(): Place {
  const engine = new MemoryEngine()
  return { open: () => engine.open('0_0') }
}

export function inLog(): Place {
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
