/**
 * The bytes of a foreign-key join: its two internal topics, and its store of subscriptions. They are Java's, version 1
 * (KIP-213, KIP-804); version 0 is read. Kafka Streams: SubscriptionWrapperSerde.java, SubscriptionResponseWrapperSerde.java,
 * CombinedKeySchema.java.
 */
import { asBuffer } from '../../common/bytes.ts'
import type { Headers } from '../../common/headers.ts'
import { SerdeError } from '../../errors/serde-error.ts'
import type { AnySerde, Serde } from '../../serde/serde.ts'

/** What the right side answers to a subscription. */
export type Instruction = (typeof instructions)[keyof typeof instructions]

export const instructions = {
  /** The left row refers to another key now, which answers instead. */
  deleteSilently: 0,
  /** Nothing is joined any more: answer with null. */
  deleteAndPropagate: 1,
  /** Answer with null where there is no right row: an earlier result may have to be deleted. */
  propagateAlways: 2,
  /** Answer only where there is a right row: there was no earlier result. */
  propagateIfPresent: 3,
} as const

/** A left row's interest in a right key, which is the key of its record. */
export interface Subscription {
  readonly version: number
  /** Of the left value, by which a late answer is told from a current one; null for a deleted row. */
  readonly hash: Uint8Array | null
  readonly instruction: Instruction
  readonly primaryKey: unknown
  /** Where the answer goes; null in version 0, which did not say it. */
  readonly primaryPartition: number | null
}

export interface SubscriptionResponse {
  readonly hash: Uint8Array | null
  readonly foreignValue: unknown
  /** Not written: it chooses the partition. */
  readonly primaryPartition: number | null
}

export const hashLength = 16
const version1 = 1
const hashIsNull = 0x80

/** `keyTopic`: the topic that the serde of the primary key is told, from the one that this serde is told. */
export function subscriptionSerde(primaryKey: AnySerde, keyTopic: (topic: string) => string): Serde<Subscription> {
  const keyTopicOf = lastResult(keyTopic)
  return {
    name: `subscription of ${primaryKey.name}`,
    serialize(value, topic, headers) {
      const key = primaryKey.serialize(value.primaryKey as never, keyTopicOf(topic), headers)
      const withPartition = value.version > 0 && value.primaryPartition !== null
      const at = 2 + (value.hash === null ? 0 : hashLength)
      const bytes = Buffer.allocUnsafe(at + key.byteLength + (withPartition ? 4 : 0))
      writeHash(bytes, value.version, value.hash, 2)
      bytes[1] = value.instruction
      bytes.set(key, at)
      if (withPartition) bytes.writeInt32BE(value.primaryPartition ?? 0, at + key.byteLength)
      return bytes
    },
    deserialize(bytes, topic, headers) {
      const { version, instruction, hash, key, primaryPartition } = partsOf(bytes, topic)
      const value = primaryKey.deserialize(key, keyTopicOf(topic), headers)
      return { version, hash, instruction, primaryKey: value, primaryPartition }
    },
    ...pendingPart(primaryKey, (bytes, topic) => partsOf(bytes, topic).key, keyTopicOf),
  }
}

function partsOf(bytes: Uint8Array, topic: string): Omit<Subscription, 'primaryKey'> & { readonly key: Uint8Array } {
  const version = readVersion(bytes, version1, topic, 'subscription')
  const instruction = bytes[1] ?? -1
  if (!isInstruction(instruction)) return refuse('subscription', topic, `instruction ${instruction} is unknown`)
  const hash = readHash(bytes, 2)
  const keyStart = 2 + (hash === null ? 0 : hashLength)
  const keyEnd = bytes.byteLength - (version > 0 ? 4 : 0)
  if (keyEnd < keyStart) return refuse('subscription', topic, `${bytes.byteLength} bytes are too few`)
  const primaryPartition = version > 0 ? asBuffer(bytes).readInt32BE(keyEnd) : null
  return { version, instruction, hash, key: bytes.subarray(keyStart, keyEnd), primaryPartition }
}

export function newSubscription(
  hash: Uint8Array | null,
  instruction: Instruction,
  primaryKey: unknown,
  primaryPartition: number,
): Subscription {
  return { version: version1, hash, instruction, primaryKey, primaryPartition }
}

/** A foreign value of no bytes is read as null, as in Java. */
export function subscriptionResponseSerde(foreignValue: AnySerde): Serde<SubscriptionResponse> {
  return {
    name: `subscription response of ${foreignValue.name}`,
    serialize({ hash, foreignValue: value }, topic, headers) {
      const written = value === null ? undefined : foreignValue.serialize(value as never, topic, headers)
      const at = 1 + (hash === null ? 0 : hashLength)
      const bytes = Buffer.allocUnsafe(at + (written?.byteLength ?? 0))
      writeHash(bytes, 0, hash, 1)
      if (written !== undefined) bytes.set(written, at)
      return bytes
    },
    deserialize(bytes, topic, headers) {
      readVersion(bytes, 0, topic, 'subscription response')
      const hash = readHash(bytes, 1)
      const part = foreignPart(bytes)
      if (hash !== null && part === undefined) return refuse('subscription response', topic, 'the hash is not complete')
      const value = part === undefined || part.byteLength === 0 ? null : foreignValue.deserialize(part, topic, headers)
      return { hash, foreignValue: value, primaryPartition: null }
    },
    ...pendingPart(foreignValue, foreignPart, (topic) => topic),
  }
}

/** Undefined: the hash before it is not complete. */
function foreignPart(bytes: Uint8Array): Uint8Array | undefined {
  const at = 1 + (hasHash(bytes) ? hashLength : 0)
  return bytes.byteLength < at ? undefined : bytes.subarray(at)
}

/** What the serde of a part must wait for. */
function pendingPart(
  { pending }: AnySerde,
  partOf: (bytes: Uint8Array, topic: string) => Uint8Array | undefined,
  topicOf: (topic: string) => string,
): Pick<AnySerde, 'pending'> {
  if (pending === undefined) return {}
  return {
    pending: (bytes, topic, headers) => {
      const part = partOf(bytes, topic)
      return part === undefined || part.byteLength === 0 ? undefined : pending(part, topicOf(topic), headers)
    },
  }
}

/** Keys of the store of subscriptions: those of one foreign key have one prefix, and are in order of the primary key. */
export class CombinedKeys {
  readonly #foreignKey: AnySerde
  readonly #primaryKey: AnySerde
  readonly #foreignKeyTopic: string
  readonly #primaryKeyTopic: string

  constructor(foreignKey: AnySerde, primaryKey: AnySerde, subscriptionTopic: string) {
    this.#foreignKey = foreignKey
    this.#primaryKey = primaryKey
    this.#foreignKeyTopic = foreignKeyTopic(subscriptionTopic)
    this.#primaryKeyTopic = primaryKeyTopic(subscriptionTopic)
  }

  key(foreignKey: unknown, primaryKey: unknown, headers: Headers): Uint8Array {
    const primary = this.#primaryKey.serialize(primaryKey as never, this.#primaryKeyTopic, headers)
    return this.#write(foreignKey, primary, headers)
  }

  prefix(foreignKey: unknown, headers: Headers): Uint8Array {
    return this.#write(foreignKey, undefined, headers)
  }

  primaryKeyOf(key: Uint8Array, headers: Headers): unknown {
    const at = 4 + asBuffer(key).readInt32BE(0)
    return this.#primaryKey.deserialize(key.subarray(at), this.#primaryKeyTopic, headers)
  }

  #write(foreignKey: unknown, primary: Uint8Array | undefined, headers: Headers): Uint8Array {
    const foreign = this.#foreignKey.serialize(foreignKey as never, this.#foreignKeyTopic, headers)
    const { byteLength } = foreign
    const bytes = Buffer.allocUnsafe(4 + byteLength + (primary?.byteLength ?? 0))
    bytes.writeInt32BE(byteLength, 0)
    bytes.set(foreign, 4)
    if (primary !== undefined) bytes.set(primary, 4 + byteLength)
    return bytes
  }
}

/** What Java tells the serdes of the two keys, and of the value that is hashed: topics that do not exist. */
export function primaryKeyTopic(subscriptionTopic: string): string {
  return `${subscriptionTopic}-pk`
}

export function foreignKeyTopic(subscriptionTopic: string): string {
  return `${subscriptionTopic}-fk`
}

export function valueHashTopic(subscriptionTopic: string): string {
  return `${subscriptionTopic}-vh`
}

/** A serde is told the same topic nearly every time. */
function lastResult(compute: (topic: string) => string): (topic: string) => string {
  let lastTopic: string | undefined
  let last = ''
  return (topic) => {
    if (topic === lastTopic) return last
    last = compute(topic)
    lastTopic = topic
    return last
  }
}

function isInstruction(value: number): value is Instruction {
  return value >= 0 && value <= 3
}

/** The first byte, and at `at` the hash, where there is one. */
function writeHash(bytes: Buffer, version: number, hash: Uint8Array | null, at: number): void {
  bytes[0] = hash === null ? version | hashIsNull : version
  if (hash !== null) bytes.set(hash, at)
}

function hasHash(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & hashIsNull) === 0
}

function readHash(bytes: Uint8Array, at: number): Uint8Array | null {
  return hasHash(bytes) ? Buffer.from(bytes.subarray(at, at + hashLength)) : null
}

function readVersion(bytes: Uint8Array, highest: number, topic: string, what: string): number {
  const first = bytes[0]
  if (first === undefined) return refuse(what, topic, 'there are none')
  const version = first & ~hashIsNull
  if (version > highest) {
    return refuse(what, topic, `version ${version} is newer than version ${highest}, the newest that is known here`)
  }
  return version
}

function refuse(what: string, topic: string, reason: string): never {
  throw new SerdeError('MILLRACE_SERDE_INVALID_BYTES', what, topic, `bytes of a ${what} on topic ${topic}: ${reason}`)
}
