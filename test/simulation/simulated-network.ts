/**
 * The network between one process and the brokers: every request and every answer takes its time, keeps its place on its
 * connection, and may be lost, late, repeated or cut off by a fault. It hands whole frames to the embedded broker and
 * never looks into them but for their API.
 */
import { apiOfKey } from '../../src/kafka/protocol/apis.ts'
import type { Endpoint, InProcessBroker, InProcessSocket } from '../../src/kafka/transport/transport.ts'
import type { RequestFault } from './faults.ts'
import type { Scheduler } from './scheduler.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { Trace } from './trace.ts'

export interface NetworkWorld {
  readonly scheduler: Scheduler
  readonly random: SeededRandom
  readonly trace: Trace
  readonly broker: InProcessBroker
  /** One way, in microseconds. */
  readonly latencyMaxUs: number
  /** After a broker executed something. */
  executed(): void
}

const latencyMinUs = 40

/** What a duplicate does no harm to by Kafka's own rules; the rest would be two requests. */
const mayRepeat: ReadonlySet<string> = new Set([
  'Produce',
  'EndTxn',
  'TxnOffsetCommit',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'OffsetCommit',
  'Heartbeat',
  'LeaveGroup',
  'ListOffsets',
  'OffsetFetch',
  'Metadata',
])

export class SimulatedNetwork implements InProcessBroker {
  readonly #world: NetworkWorld
  readonly #process: SimulatedProcess

  constructor(world: NetworkWorld, process: SimulatedProcess) {
    this.#world = world
    this.#process = process
  }

  get endpoints(): readonly Endpoint[] {
    return this.#world.broker.endpoints
  }

  open(endpoint: Endpoint): InProcessSocket {
    return new SimulatedSocket(this.#world, this.#process, endpoint)
  }
}

interface Waiting {
  readonly reject: (error: Error) => void
}

class SimulatedSocket implements InProcessSocket {
  readonly #world: NetworkWorld
  readonly #process: SimulatedProcess
  readonly #peer: InProcessSocket
  readonly #waiting = new Set<Waiting>()
  readonly #port: number
  /** When the last thing sent arrives: nothing overtakes on a connection. */
  #sentUntilUs = 0
  #answeredUntilUs = 0
  #closed = false
  /** Nothing that is sent from now on arrives. */
  #silent = false

  constructor(world: NetworkWorld, process: SimulatedProcess, endpoint: Endpoint) {
    this.#world = world
    this.#process = process
    this.#port = endpoint.port
    this.#peer = world.broker.open(endpoint)
    process.onDeath(() => this.#hangUp())
  }

  handle(frame: Buffer): Promise<Buffer> {
    if (this.#process.isDead) return new Promise(() => undefined)
    if (this.#closed) return Promise.reject(new Error('the simulated connection is closed'))
    const api = apiOfKey(frame.readInt16BE(0))?.name ?? 'unknown'
    const faults = this.#process.leave(api)
    if (this.#process.isDead) return new Promise(() => undefined)
    return new Promise((resolve, reject) => this.#send(api, frame, faults, resolve, reject))
  }

  close(): void {
    this.#closed = true
    this.#waiting.clear()
    if (!this.#process.isDead) this.#hangUp()
  }

  #send(
    api: string,
    frame: Buffer,
    faults: readonly RequestFault[],
    resolve: (answer: Buffer) => void,
    reject: (error: Error) => void,
  ): void {
    const waiting = { reject }
    this.#waiting.add(waiting)
    const has = (kind: RequestFault['kind']): boolean => faults.some((fault) => fault.kind === kind)
    const delayOf = (kind: RequestFault['kind']): number =>
      faults.reduce((sum, fault) => sum + (fault.kind === kind && 'delayMs' in fault ? fault.delayMs * 1000 : 0), 0)
    if (has('lost-request')) this.#silent = true
    if (this.#silent) return
    if (has('cut-before')) return this.#cut()
    const orphaned = has('orphan')
    const answered = (answer: Buffer): void => {
      if (has('cut-after')) return this.#cut()
      if (has('lost-answer')) this.#silent = true
      if (this.#silent) return
      this.#answeredUntilUs = this.#inOrder(this.#answeredUntilUs, delayOf('late-answer'))
      this.#at(this.#answeredUntilUs, () =>
        this.#process.enter('answer', () => {
          if (this.#closed || !this.#waiting.delete(waiting)) return
          this.#world.trace.add(this.#world.scheduler.nowUs, this.#process.name, `<   ${api} ${answer.length}`)
          resolve(answer)
        }),
      )
    }
    this.#sentUntilUs = this.#inOrder(this.#sentUntilUs, delayOf('late-request') + delayOf('orphan'))
    this.#at(this.#sentUntilUs, () => this.#execute(api, frame, has('duplicate'), answered))
    if (orphaned) this.#cutAtClient()
  }

  #execute(api: string, frame: Buffer, twice: boolean, answered: (answer: Buffer) => void): void {
    this.#world.trace.add(
      this.#world.scheduler.nowUs,
      this.#process.name,
      `  > ${api} ${frame.length} to ${this.#port}`,
    )
    const fail = (): void => this.#cut()
    if (twice && mayRepeat.has(api)) void this.#peer.handle(frame).catch(() => undefined)
    this.#peer.handle(frame).then((answer) => {
      this.#world.executed()
      if (answer.length > 0) answered(answer)
    }, fail)
  }

  /** The broker's end is gone; the client hears of it a little later. */
  #cut(): void {
    this.#peer.close()
    this.#at(this.#inOrder(this.#answeredUntilUs, 0), () => this.#process.enter('answer', () => this.#fail()))
  }

  #cutAtClient(): void {
    this.#process.later(this.#latencyUs(), 'answer', () => this.#fail())
  }

  #fail(): void {
    if (this.#closed) return
    this.#closed = true
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const { reject } of waiting) reject(new Error('the simulated connection was cut'))
    this.#hangUp()
  }

  /** What was sent before arrives before. */
  #hangUp(): void {
    this.#at(this.#inOrder(this.#sentUntilUs, 0), () => this.#peer.close())
  }

  #inOrder(afterUs: number, delayUs: number): number {
    const arrivalUs = this.#world.scheduler.nowUs + this.#latencyUs() + delayUs
    return Math.max(afterUs, arrivalUs, this.#process.reachableAtUs(this.#port))
  }

  #latencyUs(): number {
    return this.#world.random.between(latencyMinUs, this.#world.latencyMaxUs)
  }

  #at(us: number, run: () => void): void {
    this.#world.scheduler.schedule(us - this.#world.scheduler.nowUs, run)
  }
}
