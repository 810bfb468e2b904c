/**
 * In what form the engine has the entries of a store, in words that a marker keeps: what was written in another form is
 * not read but rebuilt from the changelog.
 */
import type { StoreSpec } from '../processor/store-builder.ts'
import { segmentIntervalMs } from './timed-segments.ts'
import { historyIntervalMs } from './versioned-core.ts'

export function storeLayout(spec: StoreSpec): string {
  switch (spec.kind) {
    case 'window':
    case 'timestampedWindow':
    case 'session': {
      const intervalMs = segmentIntervalMs(spec.retentionMs ?? 0)
      return `${spec.kind} in segments of ${intervalMs} ms${spec.timeOrdered === true ? ', by time too' : ''}`
    }
    case 'versioned':
      return `versioned in segments of ${historyIntervalMs(spec.historyRetentionMs ?? 0)} ms`
    default:
      return spec.kind
  }
}
