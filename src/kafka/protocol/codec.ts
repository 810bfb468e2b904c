/**
 * The one codec for Kafka's messages, requests and responses alike, driven by the generated tables: client and embedded
 * broker are two users of it. A table is compiled once per version into readers and writers of its fields.
 *
 * It must never trust a byte: every length is checked against what is left before anything is allocated, and whatever
 * does not fit ends in a ProtocolError that names message, version, field and position. Unknown tagged fields are
 * skipped (KIP-482). Fields a version lacks are decoded as their default; encoding one with another value is an error
 * unless the definition calls it ignorable, as in Java's generated `*Data.write`.
 */
import { ProtocolError } from '../../errors/protocol-error.ts'
import { compileStruct } from './compile.ts'
import type { StructCodec } from './compile.ts'
import { hasVersion, parseVersions } from './message-spec.ts'
import type { MessageInput, MessageSpec } from './message-spec.ts'
import { WireFault } from './wire-fault.ts'
import { WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

const compiled = new WeakMap<MessageSpec<unknown>, Map<number, StructCodec>>()

export function encodeMessage<T>(spec: MessageSpec<T>, version: number, message: MessageInput<T>): Buffer {
  const writer = new WireWriter()
  writeMessage(writer, spec, version, message)
  return writer.written()
}

/** The same in parts, for a socket: large byte fields are not copied and must stay as they are until they are sent. */
export function encodeMessageParts<T>(spec: MessageSpec<T>, version: number, message: MessageInput<T>): Uint8Array[] {
  const writer = new WireWriter()
  writeMessage(writer, spec, version, message)
  return writer.parts()
}

/** `buffer` is the whole message: bytes left over are an error. Byte fields are views of `buffer`. */
export function decodeMessage<T>(spec: MessageSpec<T>, version: number, buffer: Buffer): T {
  const reader = new WireReader(buffer)
  const message = readMessage(reader, spec, version)
  if (reader.remaining > 0) {
    throw new ProtocolError(
      'MILLRACE_MESSAGE_MALFORMED',
      `${spec.name} v${version}: ${reader.remaining} of ${buffer.length} bytes are left over behind the message. ` +
        'The two sides do not mean the same version.',
    )
  }
  return message
}

export function writeMessage<T>(
  writer: WireWriter,
  spec: MessageSpec<T>,
  version: number,
  message: MessageInput<T>,
): void {
  const codec = codecOf(spec, version)
  try {
    codec.write(writer, message as Readonly<Record<string, unknown>>)
  } catch (error) {
    if (!(error instanceof WireFault)) throw error
    throw new ProtocolError('MILLRACE_MESSAGE_NOT_ENCODABLE', `${writer.field} v${version}: ${error.message}`)
  }
}

/** Reads one message from the reader's position on and leaves what follows. */
export function readMessage<T>(reader: WireReader, spec: MessageSpec<T>, version: number): T {
  const codec = codecOf(spec, version)
  try {
    return codec.read(reader) as T
  } catch (error) {
    if (!(error instanceof WireFault)) throw error
    throw new ProtocolError(
      'MILLRACE_MESSAGE_MALFORMED',
      `${reader.field} v${version}, at byte ${reader.position}: ${error.message}`,
    )
  }
}

function codecOf(spec: MessageSpec<unknown>, version: number): StructCodec {
  let versions = compiled.get(spec)
  if (versions === undefined) {
    versions = new Map()
    compiled.set(spec, versions)
  }
  let codec = versions.get(version)
  if (codec === undefined) {
    const { min, max } = parseVersions(spec.versions)
    if (!Number.isInteger(version) || version < min || version > max) {
      throw new ProtocolError(
        'MILLRACE_MESSAGE_VERSION',
        `${spec.name} has the versions ${spec.versions}; version ${version} is not defined.`,
      )
    }
    codec = compileStruct(spec.fields, version, hasVersion(spec.flexible, version), spec.name)
    versions.set(version, codec)
  }
  return codec
}
