/**
 * `millrace send <topic>`: a record for each line of standard input. Acknowledged by all replicas and written once; what
 * is reported as sent is on the brokers.
 */
import { systemClock } from '../common/clock.ts'
import type { Header } from '../common/headers.ts'
import { topicPartitionKey } from '../common/topic-partition.ts'
import type { TopicPartitionKey } from '../common/topic-partition.ts'
import { CliError } from '../errors/cli-error.ts'
import type { KafkaClient, ProducerOptions } from '../kafka/client/kafka-client.ts'
import { counted } from '../runtime/operations/counted.ts'
import { RecordCollector } from '../runtime/record-collector.ts'
import { withClient } from './connection.ts'
import type { ConnectionOptions } from './connection.ts'
import { inputLines } from './input-lines.ts'
import type { Patience } from './patience.ts'
import { givenTimestamp, timedLine } from './record-time.ts'
import { onStopSignal } from './stop-signals.ts'
import { say } from './terminal.ts'
import { textSerdeOf } from './text-serde.ts'
import type { TextSerde } from './text-serde.ts'
import { checkPartition, requirePartition, topicToWrite } from './topic-access.ts'
import { partitionsOf } from './topic-reader.ts'

export interface SendOptions extends ConnectionOptions {
  readonly keySeparator?: string
  readonly keySerde: string
  readonly valueSerde: string
  readonly nullValue?: string
  readonly timestamp?: string
  /** What stands behind the timestamp with which each line begins. */
  readonly timestamps?: string
  readonly partition?: string
  readonly header?: readonly string[]
  readonly compression?: string
}

export async function sendCommand(topic: string, options: SendOptions): Promise<void> {
  const format = formatOf(options)
  const partition = checkPartition(options.partition)
  const headers = (options.header ?? []).map(headerOf)
  await withClient('send', options, async (client, patience) => {
    const found = await topicToWrite(client, topic, ({ partitionCount }) =>
      say(`millrace: created the topic '${topic}' (partitions: ${partitionCount})`),
    )
    requirePartition(partition, found)
    const partitions = partitionsOf(topic, found.partitionCount).map((one) =>
      topicPartitionKey(one.topic, one.partition),
    )
    const sending = { topic, partition: partition ?? -1, headers, format, compression: options.compression, partitions }
    await sendLines(client, sending, patience)
  })
}

interface Format {
  readonly key: TextSerde
  readonly value: TextSerde
  readonly separator: Buffer | undefined
  readonly nullValue: Buffer | undefined
  /** Of all records; undefined: its line's, or now. */
  readonly timestamp: number | undefined
  readonly timestampSeparator: Buffer | undefined
}

interface Sending {
  readonly topic: string
  readonly partition: number
  readonly headers: readonly Header[]
  readonly format: Format
  readonly compression: string | undefined
  /** Of the topic. */
  readonly partitions: readonly TopicPartitionKey[]
}

async function sendLines(client: KafkaClient, sending: Sending, patience: Patience): Promise<void> {
  const { topic, partition, headers, format, compression } = sending
  const producer = client.producer({
    lingerMs: 5,
    ...(compression !== undefined && { compression: compression as NonNullable<ProducerOptions['compression']> }),
  })
  await producer.init()
  const collector = new RecordCollector(client, producer)
  await collector.prepareTopics([topic])
  patience.heed(() => sending.partitions.reduce((sum, key) => sum + (producer.acknowledged(key) ?? 0), 0))
  let sent = 0
  const take = async (lines: readonly Buffer[]): Promise<void> => {
    for (const line of lines) {
      atLine(sent + 1, () => {
        const { key, value, timestamp = systemClock.now() } = parse(line, format, topic)
        collector.append(topic, partition, key, value, timestamp, headers)
      })
      sent++
      if (collector.isFull) await collector.drained()
    }
  }
  // Also after a bad line: what came before it is sent, and the message says so.
  const finish = (): Promise<void> => collector.flush()
  const failure = await readInput(patience, take, finish).catch((error: unknown) => {
    if (sent > 0) say(`millrace: ${counted(sent, 'line')} read; how many of them were sent is not known`)
    throw error
  })
  await producer.close()
  say(`millrace: sent ${sent} ${sent === 1 ? 'record' : 'records'} to ${topic}`)
  if (failure instanceof Interrupted) process.exitCode = 130
  else if (failure !== undefined) throw failure
}

class Interrupted extends Error {}

/** To the end of standard input, or to what ended it before and is returned: a bad line, Ctrl-C; then `finish`. */
async function readInput(
  patience: Patience,
  take: (lines: readonly Buffer[]) => Promise<void>,
  finish: () => Promise<void>,
): Promise<unknown> {
  if (process.stdin.isTTY) say('millrace: a record for each line; end with Ctrl-D')
  let ending: unknown
  const heedNoSignals = onStopSignal({
    first: () => {
      say('millrace: interrupted; what was read is being sent (once more to end at once)')
      ending = new Interrupted()
      process.stdin.destroy(new Interrupted())
    },
    again: () => process.exit(130),
  })
  try {
    const lines = inputLines(process.stdin as AsyncIterable<Buffer>)
    for await (const some of patience.between(lines)) await take(some)
  } catch (error) {
    ending ??= error
  } finally {
    process.stdin.destroy()
  }
  try {
    await finish()
    return ending
  } finally {
    heedNoSignals()
  }
}

interface Parsed {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly timestamp: number | undefined
}

function parse(line: Buffer, format: Format, topic: string): Parsed {
  const { key, value, separator, nullValue, timestampSeparator } = format
  const timed = timestampSeparator === undefined ? undefined : timedLine(line, timestampSeparator)
  const text = timed?.rest ?? line
  const timestamp = timed?.timestamp ?? format.timestamp
  if (separator === undefined) return { key: null, value: valueOf(text, value, nullValue, topic), timestamp }
  const at = text.indexOf(separator)
  if (at < 0) throw new Error(`it has no key: '${separator.toString()}' (--key-separator) is not in it`)
  return {
    key: encode('key', key, text.subarray(0, at), topic),
    value: valueOf(text.subarray(at + separator.length), value, nullValue, topic),
    timestamp,
  }
}

function valueOf(text: Buffer, serde: TextSerde, nullValue: Buffer | undefined, topic: string): Uint8Array | null {
  return nullValue?.equals(text) === true ? null : encode('value', serde, text, topic)
}

function encode(part: string, serde: TextSerde, text: Buffer, topic: string): Uint8Array {
  try {
    return serde.encode(text, topic)
  } catch (error) {
    throw new Error(`its ${part} cannot be written as ${serde.name}: ${reasonOf(error)}`, { cause: error })
  }
}

function atLine(line: number, append: () => void): void {
  try {
    append()
  } catch (cause) {
    const isLines = !(cause instanceof Error && 'code' in cause) || cause.code === 'MILLRACE_RECORD_TOO_LARGE'
    if (!isLines) throw cause
    const before = line === 1 ? 'nothing was sent' : `the lines before it were sent`
    throw new CliError('MILLRACE_INPUT_INVALID', `line ${line} of the input: ${reasonOf(cause)}; ${before}`, { cause })
  }
}

function formatOf(options: SendOptions): Format {
  const { keySeparator, keySerde, valueSerde, nullValue, timestamp, timestamps } = options
  if (keySeparator === '') throw new CliError('MILLRACE_USAGE', '--key-separator takes at least one character')
  if (timestamps === '') throw new CliError('MILLRACE_USAGE', '--timestamps takes at least one character')
  if (timestamp !== undefined && timestamps !== undefined) {
    throw new CliError('MILLRACE_USAGE', '--timestamp and --timestamps exclude each other: give one of them')
  }
  return {
    key: textSerdeOf(keySerde, '--key-serde'),
    value: textSerdeOf(valueSerde, '--value-serde'),
    separator: keySeparator === undefined ? undefined : Buffer.from(keySeparator),
    nullValue: nullValue === undefined ? undefined : Buffer.from(nullValue),
    timestamp: timestamp === undefined ? undefined : givenTimestamp(timestamp),
    timestampSeparator: timestamps === undefined ? undefined : Buffer.from(timestamps),
  }
}

function headerOf(text: string): Header {
  const equals = text.indexOf('=')
  if (equals <= 0) throw new CliError('MILLRACE_USAGE', `--header takes name=value, not '${text}'`)
  return [text.slice(0, equals), Buffer.from(text.slice(equals + 1))]
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
