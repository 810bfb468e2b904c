/** What users of the random topologies gave to the operators: the same as at the end of DifferentialRunner.java. */
import type { KeyValueStore } from '../../src/processor/state-store.ts'
import type { FixedKeyProcessor, Processor, ValueTransformer } from '../../src/processor/processor.ts'
import type { FixedKeyProcessorContext, ProcessorContext } from '../../src/processor/processor-context.ts'
import type { Windowed } from '../../src/serde/windowed.ts'
import type { Call } from './program.ts'

export const storeKeys: readonly string[] = ['', 'a', 'b', 'c', 'x', 'y', 'z', '1', '2']

export function text(o: unknown): string {
  if (typeof o !== 'object' || o === null) return String(o)
  const { key, window } = o as Windowed<unknown>
  return `${text(key)}@${window.start}`
}

export function orNull(o: unknown): string | null {
  return o === null ? null : text(o)
}

export function first(o: unknown): string | null {
  return o === null ? null : text(o).slice(0, 1)
}

export function fits(value: unknown): boolean {
  return value !== null && text(value).length % 2 === 0
}

export function last(s: string, length: number): string {
  return s.length > length ? s.slice(s.length - length) : s
}

export function shorter(s: string, limit: number): string | null {
  return s.length > limit ? null : s
}

export function someToNull(value: unknown): string | null {
  if (value === null) return 'was'
  return text(value).startsWith('n') ? null : last(`${text(value)}t`, 6)
}

export function joined(one: unknown, two: unknown): string | null {
  return text(one).startsWith('y') ? null : `${last(text(one), 6)}+${last(text(two), 6)}`
}

export function pairs(value: unknown, key: unknown): (readonly [string | null, string | null])[] {
  if (value === null) return []
  return [
    [orNull(key), text(value)],
    [text(value), orNull(key)],
  ]
}

export function parts(value: unknown): string[] {
  return value === null ? [] : [text(value), last(`${text(value)}f`, 6)]
}

/** Of a sink that chooses its topic. */
export function topicOf(value: unknown): string {
  return `chosen${text(value).length % 2}`
}

type TextStore = KeyValueStore<string, string>

function remember(store: TextStore | undefined, key: unknown, value: unknown): string | null {
  if (key === null || store === undefined) return last(`${text(value)}p`, 6)
  const now = value === null ? null : last((store.get(text(key)) ?? '') + text(value), 5)
  store.put(text(key), now)
  return now
}

export function rememberer({ stores = [], punctuate }: Call): Processor<unknown, unknown, unknown, unknown> {
  let context: ProcessorContext<unknown, unknown>
  let store: TextStore | undefined
  return {
    init(given) {
      context = given
      const [name] = stores
      store = name === undefined ? undefined : given.getStateStore<TextStore>(name)
      if (punctuate === undefined) return
      const say = (key: string, value: string, timestamp: number): void =>
        given.forward({ key, value, timestamp, headers: [] })
      given.schedule(punctuate, 'streamTime', (at) => say('s', `n${at}`, at))
      given.schedule(punctuate, 'wallClockTime', (at) => say('w', String(at), at))
    },
    process: (record) => context.forward({ ...record, value: remember(store, record.key, record.value) }),
  }
}

export function valueRememberer({ stores = [] }: Call): FixedKeyProcessor<unknown, unknown, unknown> {
  let context: FixedKeyProcessorContext<unknown>
  return {
    init: (given) => {
      context = given
    },
    process(record) {
      const [name] = stores
      const store = name === undefined ? undefined : context.getStateStore<TextStore>(name)
      context.forward({ ...record, value: remember(store, record.key, record.value) })
    },
  }
}

export function transformer({ stores = [] }: Call): ValueTransformer<unknown, unknown, unknown> {
  let store: TextStore | undefined
  return {
    init(context) {
      const [name] = stores
      store = name === undefined ? undefined : context.getStateStore<TextStore>(name)
    },
    transform(value, key) {
      const now = remember(store, key, value)
      return value === null ? null : now
    },
  }
}
