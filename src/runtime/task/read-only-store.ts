/**
 * A store that may be read and not written, as every processor but its own sees a global store. It has the store's
 * methods, bound to it; those that are not known to read refuse. Kafka Streams: AbstractReadOnlyDecorator.java.
 */
import { StateError } from '../../errors/state-error.ts'

const reads = new Set([
  'approximateNumEntries',
  'fetch',
  'fetchAll',
  'fetchSession',
  'find',
  'findEnded',
  'get',
  'prefixScan',
  'range',
  'read',
  'reverseRange',
])

export function readOnlyStore(name: string, store: object): object {
  const view = {}
  for (const member of members(store)) {
    const value = Reflect.get(store, member, store) as unknown
    // A field or getter is looked at each time: it may change.
    if (typeof value !== 'function')
      Object.defineProperty(view, member, { get: () => Reflect.get(store, member, store) })
    else Object.defineProperty(view, member, { value: reads.has(member) ? value.bind(store) : refusal(name, member) })
  }
  return view
}

/** Of the object itself, and of its classes. */
function members(store: object): Set<string> {
  const names = new Set<string>()
  for (let level = store; level !== Object.prototype; level = Object.getPrototypeOf(level) as object) {
    for (const name of Object.getOwnPropertyNames(level)) if (name !== 'constructor') names.add(name)
  }
  return names
}

function refusal(name: string, method: string): () => never {
  return () => {
    throw new StateError(
      'MILLRACE_STORE_READ_ONLY',
      name,
      `store ${name}: ${method}() was called, and it is a global store, which only its own processor writes to; produce to its topic, or use a store of this processor`,
    )
  }
}
