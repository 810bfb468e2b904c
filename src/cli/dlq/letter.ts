/** A dead letter taken apart: what its headers say about the failure, and the headers that its record had. */
import type { Header, Headers } from '../../common/headers.ts'
import { letterHeader, retriesHeader } from '../../processor/letter-headers.ts'

/** Everything is null where the letter does not say it: other programs write such topics, too. */
export interface Provenance {
  readonly exception: string | null
  readonly message: string | null
  readonly stacktrace: string | null
  /** Of the record that failed. */
  readonly topic: string | null
  readonly partition: number | null
  readonly offset: number | null
  readonly node: string | null
  readonly code: string | null
  /** How often this record was sent again before it failed once more. */
  readonly retries: number
}

/**
 * The last header of a name counts: the record may have been a letter itself, whose own headers stand before. What is
 * said by a header is text of others: it is shown with care, and no name in it is used before it was checked.
 */
export function provenanceOf(headers: Headers): Provenance {
  const text = (name: string): string | null => {
    const value = headers.findLast(([found]) => found === name)?.[1]
    return value === undefined || value === null ? null : Buffer.from(value).toString()
  }
  return {
    exception: text(letterHeader.exception),
    message: text(letterHeader.message),
    stacktrace: text(letterHeader.stacktrace),
    topic: text(letterHeader.topic),
    partition: count(text(letterHeader.partition)),
    offset: count(text(letterHeader.offset)),
    node: text(letterHeader.node),
    code: text(letterHeader.code),
    retries: count(text(retriesHeader)) ?? 0,
  }
}

const added: ReadonlySet<string> = new Set([...Object.values(letterHeader), retriesHeader])

/** Those of the record as it failed; what an outer letter has added is left out, the count of retries, too. */
export function originalHeaders(headers: Headers): Headers {
  const dropped = new Set<string>()
  return headers.toReversed().filter(isOriginal).toReversed()

  function isOriginal([name]: Header): boolean {
    if (!added.has(name) || dropped.has(name)) return true
    dropped.add(name)
    return false
  }
}

/** A number in decimal digits, as partitions, offsets and counts are written; -1 and everything else is null. */
function count(text: string | null): number | null {
  if (text === null || !/^\d{1,15}$/.test(text)) return null
  return Number(text)
}
