/**
 * The public KafkaStreams: the runtime's, and with `http` in its configuration a server that tells how it is. The server is
 * there before Kafka is asked for anything, so that a long restore can be watched, and until the application has closed.
 */
import { systemClock } from '../common/clock.ts'
import { silentLogger } from '../common/logger.ts'
import { renderInTurns } from '../common/prometheus.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { KafkaStreams as RuntimeKafkaStreams, type StreamsInternals } from '../runtime/kafka-streams.ts'
import type { Topology } from '../topology/topology.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { StatusServer } from './status-server.ts'

export class KafkaStreams extends RuntimeKafkaStreams {
  readonly #config: Partial<Pick<StreamsConfig, 'http' | 'httpToken' | 'logger'>>
  #server: StatusServer | undefined
  #opening: Promise<void> | undefined

  /**
   * Throws a `ConfigError` for a configuration that is wrong, and a `TopologyError` for a topology that cannot run.
   *
   * @example
   * const streams = new KafkaStreams(builder.build(), { applicationId: 'word-count', kafka: { brokers: ['localhost:9092'] } })
   * await streams.start()
   */
  constructor(
    topology: Topology,
    config: Pick<StreamsConfig, 'applicationId' | 'kafka'> & Partial<StreamsConfig>,
    internals: StreamsInternals = {},
  ) {
    super(topology, config, internals)
    const { http, httpToken, logger } = config
    this.#config = {
      ...(http !== undefined && { http }),
      ...(httpToken !== undefined && { httpToken }),
      ...(logger && { logger }),
    }
  }

  /** `host:port` of the HTTP server while it listens; with port 0 the one that was free. */
  get httpAddress(): string | undefined {
    return this.#server?.address
  }

  /**
   * Opens the HTTP server where one is configured, connects, joins the group, restores; resolves when RUNNING. Rejects with
   * the error that prevents it, also when `signal` is aborted or the application is closed meanwhile.
   */
  override async start(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.state === 'CREATED') {
      // Once, whoever calls it twice: the second call is refused by the runtime.
      this.#opening ??= this.#open()
      try {
        await this.#opening
      } catch (error) {
        this.#opening = undefined
        throw error
      }
    }
    try {
      await super.start(options)
    } catch (error) {
      // Who was told by this error need not close what never ran.
      if (this.state === 'ERROR' || this.state === 'NOT_RUNNING') await this.#close()
      throw error
    }
  }

  /** Takes what the runtime's close takes; the HTTP server answers until it has ended. */
  override async close(options: { readonly timeoutMs?: number; readonly leaveGroup?: boolean } = {}): Promise<void> {
    try {
      await super.close(options)
    } finally {
      await this.#close()
    }
  }

  async #open(): Promise<void> {
    const { http, httpToken, logger = silentLogger } = this.#config
    if (http === undefined) return
    const view = this['~view']
    const served = { view, metrics: oneAtATime(() => renderInTurns(this.metrics.collect(), systemClock)) }
    this.#server = await StatusServer.open(served, { address: http, token: httpToken, logger })
    // Before anybody asks: what is told of the event loop needs a past.
    this.status()
    view.http = this.#server.address
    logger.info({ address: view.http }, 'the HTTP server listens')
  }

  async #close(): Promise<void> {
    // Closed while it starts: the port is had a moment later.
    await this.#opening?.catch(() => undefined)
    const server = this.#server
    this.#server = undefined
    this['~view'].http = undefined
    await server?.close()
  }
}
