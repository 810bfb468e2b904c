/**
 * The standard envelope of the group type `consumer` (int16 version, then the message) around our user data, so that
 * ordinary tools can read who subscribes to what and who has which partitions.
 */
import { asBuffer } from '../../common/bytes.ts'
import type { TopicPartition } from '../../common/topic-partition.ts'
import { readMessage } from '../protocol/codec.ts'
import { consumerProtocolAssignment, consumerProtocolSubscription } from '../protocol/messages/consumer-protocol.ts'
import { encodeVersioned } from '../protocol/versioned.ts'
import { WireReader } from '../protocol/wire-reader.ts'
import { byTopic } from './grouping.ts'
import type { MemberAssignment, MemberSubscription } from './kafka-client.ts'

/** The first version with owned partitions (KIP-429). */
const writtenVersion = 1
const newestKnown = 3
const versionBytes = 2

export function encodeSubscription(subscription: Omit<MemberSubscription, 'memberId' | 'instanceId'>): Buffer {
  const { topics, userData, ownedPartitions } = subscription
  return encodeVersioned(consumerProtocolSubscription, writtenVersion, {
    topics,
    userData: userData ?? null,
    ownedPartitions: nested(ownedPartitions),
  })
}

export function decodeSubscription(bytes: Uint8Array): Omit<MemberSubscription, 'memberId' | 'instanceId'> {
  const { reader, version } = open(bytes)
  const { topics, userData, ownedPartitions } = readMessage(reader, consumerProtocolSubscription, version)
  return { topics, userData: bufferOf(userData), ownedPartitions: flat(ownedPartitions) }
}

export function encodeAssignment({ partitions, userData }: Omit<MemberAssignment, 'memberId'>): Buffer {
  const message = { assignedPartitions: nested(partitions), userData: userData ?? null }
  return encodeVersioned(consumerProtocolAssignment, writtenVersion, message)
}

/** No bytes at all: the leader gave this member nothing. */
export function decodeAssignment(bytes: Uint8Array): Omit<MemberAssignment, 'memberId'> {
  if (bytes.byteLength === 0) return { partitions: [], userData: undefined }
  const { reader, version } = open(bytes)
  const { assignedPartitions, userData } = readMessage(reader, consumerProtocolAssignment, version)
  return { partitions: flat(assignedPartitions), userData: bufferOf(userData) }
}

/** Later versions only add fields at the end: they are read as the newest that is known. */
function open(bytes: Uint8Array): { readonly reader: WireReader; readonly version: number } {
  const buffer = asBuffer(bytes)
  const version = buffer.length < versionBytes ? 0 : buffer.readInt16BE(0)
  return {
    reader: new WireReader(buffer.subarray(versionBytes)),
    version: Math.min(Math.max(version, 0), newestKnown),
  }
}

function bufferOf(bytes: Uint8Array | null): Buffer | undefined {
  return bytes === null ? undefined : asBuffer(bytes)
}

interface NestedPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

function nested(partitions: readonly TopicPartition[]): NestedPartitions[] {
  return byTopic(partitions, ({ partition }) => partition).map((group) => ({
    topic: group.name,
    partitions: group.partitions,
  }))
}

function flat(topics: readonly NestedPartitions[]): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
}
