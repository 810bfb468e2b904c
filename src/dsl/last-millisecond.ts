import type { StoreSpec } from '../processor/store-builder.ts'

const dayMs = 86_400_000

/**
 * The same store, which keeps one millisecond more than its retention; the topic's retention stays Java's.
 *
 * differs from Java (#last-millisecond): there a store forgets what is exactly as old as its retention, while the last
 * millisecond of gap, window and grace is still accepted: it finds nothing, and sessions that close one millisecond later
 * are gone before they are final.
 */
export function withLastMillisecond<S extends StoreSpec & { readonly retentionMs: number }>(spec: S): S {
  const { retentionMs, changelogConfig } = spec
  const topicRetention = { 'retention.ms': String(retentionMs + dayMs) }
  return { ...spec, retentionMs: retentionMs + 1, changelogConfig: { ...topicRetention, ...changelogConfig } }
}
