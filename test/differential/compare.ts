/** What differs between two outcomes of one program. */
import type { Outcome, Produced, Row } from './program.ts'

/** Undefined: nothing. `cached`: with a record cache. */
export function difference(java: Outcome, ours: Outcome, cached: boolean): string | undefined {
  if (java.refused !== undefined && ours.refused !== undefined) return undefined
  if (java.refused !== undefined) return `Java refuses it (${java.refused}), we do not`
  if (ours.refused !== undefined) return `we refuse it (${ours.refused}), Java does not`
  if (java.describe !== ours.describe) return `describe() differs:\n${firstLines(java.describe, ours.describe)}`
  if (String(java.wrapped) !== String(ours.wrapped)) {
    return `wrapped processors differ:\n  Java ${String(java.wrapped)}\n  ours ${String(ours.wrapped)}`
  }
  return stepDifference(java, ours) ?? endDifference(java, ours, cached)
}

function stepDifference(java: Outcome, ours: Outcome): string | undefined {
  for (const [index, expected] of (java.steps ?? []).entries()) {
    const found = ours.steps?.[index]
    if (found === undefined) return `step ${index}: we stopped before`
    // A mistake of its own is nothing to be like.
    if (expected.error !== undefined && /NullPointerException|ClassCastException/.test(expected.error)) return undefined
    if (expected.error !== undefined) {
      return found.error === undefined ? `step ${index}: Java fails (${expected.error}), we do not` : undefined
    }
    if (found.error !== undefined) return `step ${index}: we fail: ${found.error}`
    const differs = recordDifference(expected.out ?? [], found.out ?? [])
    if (differs !== undefined) return `step ${index}: ${differs}`
  }
  return undefined
}

function recordDifference(java: readonly Produced[], ours: readonly Produced[]): string | undefined {
  const length = Math.max(java.length, ours.length)
  for (let i = 0; i < length; i++) {
    if (JSON.stringify(java[i]) === JSON.stringify(ours[i])) continue
    return `record ${i}\n  Java ${java
      .slice(i, i + 3)
      .map(shown)
      .join('\n       ')}\n  ours ${ours
      .slice(i, i + 3)
      .map(shown)
      .join('\n       ')}`
  }
  return undefined
}

function endDifference(java: Outcome, ours: Outcome, cached: boolean): string | undefined {
  // Java stopped at a failure: what is in its stores then is nobody's business.
  if (java.steps?.at(-1)?.error !== undefined) return undefined
  for (const [name, rows] of Object.entries(java.stores ?? {})) {
    const found = ours.stores?.[name]
    if (JSON.stringify(rows) === JSON.stringify(found)) continue
    // Java's caches also show windows whose retention is over.
    if (cached && found !== undefined && isPartOf(found, rows)) continue
    return `store ${name}\n  Java ${JSON.stringify(rows)}\n  ours ${JSON.stringify(found)}`
  }
  return ours.dropped === undefined || java.dropped === ours.dropped
    ? undefined
    : `dropped records: Java ${java.dropped}, ours ${ours.dropped}`
}

function isPartOf(rows: readonly Row[], all: readonly Row[]): boolean {
  const texts = new Set(all.map((row) => JSON.stringify(row)))
  return rows.every((row) => texts.has(JSON.stringify(row)))
}

function shown([topic, key, value, timestamp, headers]: Produced): string {
  return `${topic}  ${readable(key)}: ${readable(value)}  @${timestamp} ${headers}`
}

function readable(hex: string | null): string {
  if (hex === null) return 'null'
  const bytes = Buffer.from(hex, 'hex')
  return bytes.every((byte) => byte >= 32 && byte < 127) ? `'${bytes.toString('latin1')}'` : hex
}

function firstLines(java = '', ours = ''): string {
  const [one, two] = [java.split('\n'), ours.split('\n')]
  const at = one.findIndex((line, index) => line !== two[index])
  const around = (lines: readonly string[]): string => lines.slice(Math.max(0, at - 1), at + 4).join('\n    ')
  return `  Java\n    ${around(one)}\n  ours\n    ${around(two)}`
}
