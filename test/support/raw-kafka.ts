/** A bare connection to a Kafka broker over TCP: any message in any version, and the answer as it comes. */
import { connect, type Socket } from 'node:net'
import { noHeaders } from '../../src/common/headers.ts'
import { FrameReader } from '../../src/kafka/broker/frame-reader.ts'
import { apis, decodeResponse, encodeRequest, type Api } from '../../src/kafka/protocol/apis.ts'
import { decodeResponseHeader, encodeRequestHeader } from '../../src/kafka/protocol/header.ts'
import type { MessageInput } from '../../src/kafka/protocol/message-spec.ts'
import { BatchBuilder } from '../../src/kafka/records/batch-builder.ts'
import { stampBatch } from '../../src/kafka/records/batch-stamp.ts'
import type { Compression } from '../../src/kafka/records/compression.ts'
import { controlType } from '../../src/kafka/records/control-batch.ts'
import { readBatches, type RecordBatch } from '../../src/kafka/records/record-batch.ts'
import { RecordsCursor } from '../../src/kafka/records/records-cursor.ts'
import { valueView } from '../../src/processor/record-set.ts'

export interface RawAddress {
  readonly host: string
  readonly port: number
}

export class RawKafka {
  readonly #socket: Socket
  readonly #waiting: PromiseWithResolvers<Buffer>[] = []
  #correlationId = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    const frames = new FrameReader(1 << 30)
    socket.on('data', (chunk: Buffer) => {
      for (const frame of frames.push(chunk) ?? []) this.#waiting.shift()?.resolve(frame)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the broker closed the connection'))
    })
  }

  static connect({ host, port }: RawAddress): Promise<RawKafka> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, host, () => resolve(new RawKafka(socket)))
      socket.once('error', reject)
    })
  }

  async send<Request, Response>(
    api: Api<Request, Response>,
    version: number,
    message: MessageInput<Request>,
    clientId = 'raw',
  ): Promise<Response> {
    const answer = await this.frame(this.#request(api, version, encodeRequest(api, version, message), clientId))
    return decodeResponse(api, version, decodeResponseHeader(api.responseHeaderVersion(version), answer).body)
  }

  /** Without waiting for an answer. */
  write<Request>(api: Api<Request, unknown>, version: number, message: MessageInput<Request>): void {
    this.#write(this.#request(api, version, encodeRequest(api, version, message), 'raw'))
  }

  /** Any bytes as one frame. */
  frame(request: Buffer): Promise<Buffer> {
    const waiter = Promise.withResolvers<Buffer>()
    if (this.#socket.destroyed) return Promise.reject(new Error('the broker closed the connection'))
    this.#waiting.push(waiter)
    this.#write(request)
    return waiter.promise
  }

  close(): void {
    this.#socket.destroy()
  }

  #request(
    api: Pick<Api<unknown, unknown>, 'key' | 'requestHeaderVersion'>,
    version: number,
    body: Buffer,
    clientId: string,
  ): Buffer {
    const header = encodeRequestHeader(api.requestHeaderVersion(version), {
      requestApiKey: api.key,
      requestApiVersion: version,
      correlationId: this.#correlationId++,
      clientId,
    })
    return Buffer.concat([header, body])
  }

  #write(request: Buffer): void {
    const length = Buffer.alloc(4)
    length.writeInt32BE(request.length)
    this.#socket.write(Buffer.concat([length, request]))
  }
}

/** Anything that sends messages: this, or a connection in process. */
export type Sender = Pick<RawKafka, 'send'>

export interface RawRecords {
  readonly values: readonly (string | null)[]
  readonly key?: string | null
  readonly timestamps?: readonly number[]
  readonly compression?: Compression
  readonly producerId?: number
  readonly epoch?: number
  readonly sequence?: number
  readonly transactional?: boolean
}

export function rawBatch(records: RawRecords): Buffer {
  const builder = new BatchBuilder()
  const key = records.key === undefined ? Buffer.from('key') : records.key === null ? null : Buffer.from(records.key)
  for (const [index, value] of records.values.entries()) {
    builder.append(
      records.timestamps?.[index] ?? Date.now(),
      key,
      value === null ? null : Buffer.from(value),
      noHeaders,
    )
  }
  const batch = Buffer.from(builder.seal(records.compression ?? 'none'))
  stampBatch(batch, {
    producerId: records.producerId ?? -1,
    producerEpoch: records.epoch ?? (records.producerId === undefined ? -1 : 0),
    baseSequence: records.sequence ?? (records.producerId === undefined ? -1 : 0),
    transactional: records.transactional ?? false,
  })
  return batch
}

export interface ProduceOptions {
  readonly partition?: number
  readonly version?: number
  readonly acks?: number
  readonly transactionalId?: string
}

export interface ProduceAnswer {
  readonly errorCode: number
  readonly baseOffset: number
  readonly errorMessage: string | null
  readonly logAppendTimeMs: number
}

/** One batch to one partition. */
export async function produceTo(
  kafka: Sender,
  topic: string,
  records: RawRecords | Buffer,
  options: ProduceOptions = {},
): Promise<ProduceAnswer> {
  const { partition = 0, version = 9, acks = -1, transactionalId = null } = options
  const batch = Buffer.isBuffer(records) ? records : rawBatch(records)
  const answer = await kafka.send(apis.Produce, version, {
    transactionalId,
    acks,
    timeoutMs: 10_000,
    topicData: [{ name: topic, partitionData: [{ index: partition, records: batch }] }],
  })
  const [result] = answer.responses[0]?.partitionResponses ?? []
  if (result === undefined) throw new Error('an answer without the partition')
  return result
}

export interface FetchOptions {
  readonly partition?: number
  readonly version?: number
  readonly committed?: boolean
  readonly maxWaitMs?: number
  readonly minBytes?: number
  readonly maxBytes?: number
  readonly partitionMaxBytes?: number
  readonly currentLeaderEpoch?: number
  readonly lastFetchedEpoch?: number
}

export interface FetchAnswer {
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[] | null
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number }
  readonly batches: readonly RecordBatch[]
  /** `offset:value`, control records as `offset:<abort>` and `offset:<commit>`. */
  readonly records: readonly string[]
}

export async function fetchFrom(
  kafka: Sender,
  topic: string,
  offset: number,
  options: FetchOptions = {},
): Promise<FetchAnswer> {
  const { partition = 0, version = 12, committed = false, maxWaitMs = 0, minBytes = 1 } = options
  const answer = await kafka.send(apis.Fetch, version, {
    maxWaitMs,
    minBytes,
    maxBytes: options.maxBytes ?? 1 << 24,
    isolationLevel: committed ? 1 : 0,
    topics: [
      {
        topic,
        partitions: [
          {
            partition,
            fetchOffset: offset,
            partitionMaxBytes: options.partitionMaxBytes ?? 1 << 24,
            currentLeaderEpoch: options.currentLeaderEpoch ?? -1,
            lastFetchedEpoch: options.lastFetchedEpoch ?? -1,
          },
        ],
      },
    ],
  })
  const [result] = answer.responses[0]?.partitions ?? []
  if (result === undefined) throw new Error(`an answer without the partition: error ${answer.errorCode}`)
  const batches = readBatches(Buffer.from(result.records ?? []))
  return { ...result, aborted: result.abortedTransactions, batches, records: batches.flatMap(describeBatch) }
}

function describeBatch(batch: RecordBatch): string[] {
  const records: string[] = []
  const cursor = new RecordsCursor([batch])
  while (cursor.next()) {
    const value = batch.isControl ? (controlType(batch) === 1 ? '<commit>' : '<abort>') : String(valueView(cursor))
    records.push(`${cursor.offset}:${value}`)
  }
  return records
}
