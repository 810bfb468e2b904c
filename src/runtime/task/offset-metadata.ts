/**
 * What travels as metadata of a committed offset: the partition time and what processors keep there, in Java's encoding
 * (TopicPartitionMetadata, ProcessorMetadata), so that a Java application and this one can take over from each other.
 *
 * base64( version 2 | partitionTime int64 | [ count int32 | { length int32, name, value int64 } … ] )
 */
const version = 2
const two32 = 2 ** 32

export interface OffsetMetadata {
  /** -1: unknown. */
  readonly partitionTime: number
  /** Per processor: Java keeps the last emitted window close time there. */
  readonly processors: ReadonlyMap<string, number>
}

const unknown: OffsetMetadata = { partitionTime: -1, processors: new Map() }

export function encodeOffsetMetadata(
  partitionTime: number,
  processors: ReadonlyMap<string, number> = new Map(),
): string {
  const parts = [Buffer.of(version), int64(partitionTime)]
  if (processors.size > 0) parts.push(int32(processors.size))
  for (const [name, value] of processors) {
    const bytes = Buffer.from(name)
    parts.push(int32(bytes.byteLength), bytes, int64(value))
  }
  return Buffer.concat(parts).toString('base64')
}

/** Metadata that somebody else wrote, or a later version, is no error: the times are unknown then. */
export function decodeOffsetMetadata(metadata: string | undefined): OffsetMetadata {
  if (metadata === undefined || metadata === '') return unknown
  const bytes = Buffer.from(metadata, 'base64')
  const found = bytes[0]
  if (bytes.byteLength < 9 || (found !== 1 && found !== version)) return unknown
  const partitionTime = readInt64(bytes, 1)
  if (!Number.isSafeInteger(partitionTime)) return unknown
  const processors = found === version ? readProcessors(bytes) : new Map<string, number>()
  return { partitionTime, processors }
}

/**
 * Every input of a task has what all its processors keep; those that were committed last have the newest. All of it are
 * times that only grow, so that the highest counts (ProcessorMetadata.update).
 */
export function mergeMetadata(into: Map<string, number>, processors: ReadonlyMap<string, number>): void {
  for (const [name, value] of processors) into.set(name, Math.max(value, into.get(name) ?? value))
}

function readProcessors(bytes: Buffer): Map<string, number> {
  const processors = new Map<string, number>()
  let at = 9
  if (bytes.byteLength < at + 4) return processors
  const count = bytes.readInt32BE(at)
  at += 4
  for (let i = 0; i < count && at + 4 <= bytes.byteLength; i++) {
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < 0 || at + length + 8 > bytes.byteLength) break
    processors.set(bytes.toString('utf8', at, at + length), readInt64(bytes, at + length))
    at += length + 8
  }
  return processors
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  const high = Math.floor(value / two32)
  bytes.writeInt32BE(high)
  bytes.writeUInt32BE(value - high * two32, 4)
  return bytes
}

function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * two32 + bytes.readUInt32BE(at + 4)
}
