/**
 * Instances that come and go while requests fail, wait and repeat, markers are late and members expire, by a seed: two
 * sub-topologies with a repartition topic between them, so that a record passes through two tasks. FROM and TO choose
 * other seeds: `FROM=100 TO=130 npx vitest run test/integration/random-faults.test.ts`.
 */
import { describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import { systemClock } from '../../src/common/clock.ts'
import { StreamsBuilder } from '../../src/dsl/streams-builder.ts'
import type { StreamsConfig } from '../../src/processor/streams-config.ts'
import type { KafkaStreams } from '../../src/runtime/kafka-streams.ts'
import { serdes } from '../../src/serde/serdes.ts'
import type { Topology } from '../../src/topology/topology.ts'
import { Cluster } from '../support/embedded-app.ts'
import { readCounts, seededRandom } from '../support/word-count-load.ts'

const first = Number(process.env['FROM'] ?? 1)
const last = Number(process.env['TO'] ?? 5)
const seeds = Array.from({ length: last - first }, (_, i) => first + i)
const rounds = 30

const apis = [
  'Produce',
  'EndTxn',
  'TxnOffsetCommit',
  'AddOffsetsToTxn',
  'AddPartitionsToTxn',
  'OffsetCommit',
  'Fetch',
  'Heartbeat',
  'JoinGroup',
  'SyncGroup',
  'OffsetFetch',
  'ListOffsets',
  'InitProducerId',
  'Metadata',
  'FindCoordinator',
] as const

function countThroughRepartition(): Topology {
  const builder = new StreamsBuilder()
  const options = { key: serdes.string, value: serdes.string }
  builder
    .stream('in', options)
    .selectKey((_, key) => key)
    .groupByKey(options)
    .count({ store: 'counts' })
    .toStream()
    .to('out', { key: serdes.string, value: serdes.int64 })
  return builder.build()
}

class Chaos {
  readonly errors: unknown[] = []
  readonly #cluster: Cluster
  readonly #config: Partial<StreamsConfig>
  readonly #random: () => number
  readonly #releases: (() => void)[] = []
  readonly #apps: KafkaStreams[] = []

  constructor(cluster: Cluster, seed: number, config: Partial<StreamsConfig>) {
    this.#cluster = cluster
    this.#config = config
    this.#random = seededRandom(seed)
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T
  }

  startOne(): void {
    const { cluster, config } = { cluster: this.#cluster, config: this.#config }
    const app = cluster.app(countThroughRepartition(), { ...config, cacheMaxBytes: this.pick([0, 10_000_000]) })
    app.on('error', ({ error }) => this.errors.push(error))
    app.start().catch(() => undefined)
    this.#apps.push(app)
  }

  stopOne(): void {
    const app = this.#apps.shift()
    app?.close().catch((error: unknown) => this.errors.push(error))
  }

  fault(): void {
    const { controls, nodeIds } = this.#cluster.broker
    const match = { api: this.pick(apis), clientId: 'app' }
    const partition = this.pick([0, 1])
    this.pick([
      () => void controls.disconnect('request', match),
      () => void controls.disconnect('answer', match),
      () => void controls.delay('request', match, 150),
      () => void controls.delay('answer', match, 150),
      () => void controls.duplicate(match),
      () => void controls.closeConnections({ clientId: 'app' }),
      () => controls.moveLeader(this.pick(['in', 'out']), partition, nodeIds[0] ?? 0),
      () => this.#expireOne(),
      () => this.#releases.push(controls.holdMarkers('out', partition)),
      () => this.#releases.push(controls.holdOffsetMarkers('app')),
      () => this.#release(),
      () => this.#release(),
      () => [this.startOne(), this.stopOne()],
      () => this.#apps.length < 4 && this.startOne(),
      () => this.#apps.length > 1 && this.stopOne(),
    ])()
  }

  end(): void {
    this.#cluster.broker.controls.clearRules()
    this.#release()
  }

  #expireOne(): void {
    const { controls } = this.#cluster.broker
    const members = controls.memberIds('app')
    if (members.length > 0) controls.expireMember('app', this.pick(members))
  }

  #release(): void {
    for (const release of this.#releases.splice(0)) release()
  }
}

/** The counts at the end, and how often each key was sent. */
async function runChaos(seed: number, config: Partial<StreamsConfig>): Promise<ReturnType<typeof readCounts>> {
  await using cluster = await Cluster.start({ in: 2, out: 2 })
  // Some of the requests exist only in transaction protocol v1.
  cluster.broker.controls.finalizeTransactionVersion(seed % 2 === 0 ? 0 : 2)
  const times = { sessionTimeoutMs: 6000, heartbeatIntervalMs: 100, commitIntervalMs: 20, transactionTimeoutMs: 2000 }
  const chaos = new Chaos(cluster, seed, { ...times, ...config })
  chaos.startOne()
  chaos.startOne()
  for (let round = 0; round < rounds; round++) {
    chaos.fault()
    await cluster.produce(
      'in',
      Array.from({ length: 20 }, (_, i) => [`k${i % 5}`, 'v'] as const),
    )
    for (let turns = chaos.pick([0, 100, 1000, 5000]); turns > 0; turns--) await systemClock.yieldTurn()
  }
  chaos.end()
  await committedToEnd(cluster.client, 'app', [...partitionsOf('in', 2), ...partitionsOf('app-counts-repartition', 2)])
  expect(chaos.errors).toEqual([])
  return await readCounts(cluster.client, 'out', 2)
}

const perKey = rounds * 4

describe('instances under random faults', () => {
  for (const seed of seeds) {
    it(`count exactly once (seed ${seed})`, async () => {
      const counts = new Map(['k0', 'k1', 'k2', 'k3', 'k4'].map((key) => [key, perKey]))
      expect(await runChaos(seed, {})).toEqual({ counts, regressions: [] })
    })

    it(`count at least once without transactions (seed ${seed})`, async () => {
      const { counts } = await runChaos(seed, { processingGuarantee: 'at_least_once' })
      expect([...counts.values()].filter((count) => count < perKey)).toEqual([])
      expect(counts.size).toBe(5)
    })
  }
})
