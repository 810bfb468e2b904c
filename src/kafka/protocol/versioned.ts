/**
 * Messages that carry their own version in two bytes in front: what consumers put into JoinGroup and SyncGroup (Java's
 * ConsumerProtocol). A version newer than ours is read as the newest one known, and what it has more is left unread.
 */
import { encodeMessage, readMessage } from './codec.ts'
import { parseVersions } from './message-spec.ts'
import type { MessageInput, MessageSpec } from './message-spec.ts'
import { WireReader } from './wire-reader.ts'
import { ProtocolError } from '../../errors/protocol-error.ts'

export function encodeVersioned<T>(spec: MessageSpec<T>, version: number, message: MessageInput<T>): Buffer {
  const prefix = Buffer.alloc(2)
  prefix.writeInt16BE(version)
  return Buffer.concat([prefix, encodeMessage(spec, version, message)])
}

export function decodeVersioned<T>(spec: MessageSpec<T>, buffer: Buffer): T {
  if (buffer.length < 2) {
    throw new ProtocolError(
      'MILLRACE_MESSAGE_MALFORMED',
      `${spec.name}: ${buffer.length} bytes have no room for a version.`,
    )
  }
  const { max } = parseVersions(spec.versions)
  return readMessage(new WireReader(buffer, 2), spec, Math.min(buffer.readInt16BE(0), max))
}
