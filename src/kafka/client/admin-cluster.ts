/** The brokers themselves: who is there, what they can, how they are configured. */
import { apis } from '../protocol/apis.ts'
import type { BrokerAbilities, ClusterAdmin, ClusterDescription, ControllerTime } from './admin-types.ts'
import { retrying } from './backoff.ts'
import { mainLane } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { throwOnError } from './kafka-faults.ts'

const brokerResource = 4
const firstQuorumVersionWithTimes = 1

export class ClusterRequests implements ClusterAdmin {
  readonly #cluster: Cluster
  readonly #timeoutMs: number

  constructor(cluster: Cluster, timeoutMs: number) {
    this.#cluster = cluster
    this.#timeoutMs = timeoutMs
  }

  describe(): Promise<ClusterDescription> {
    const what = 'Describing the cluster'
    return retrying(this.#cluster, { what, timeoutMs: this.#timeoutMs }, async () => {
      const answer = await this.#cluster.sendToAny(apis.DescribeCluster, {})
      throwOnError(answer.errorCode, { what, needs: { cluster: 'Describe' }, message: answer.errorMessage })
      const brokers = answer.brokers.map(({ brokerId, host, port, rack }) => {
        this.#cluster.metadata.addNode(brokerId, { host, port })
        return { id: brokerId, host, port, rack: rack ?? undefined }
      })
      const { clusterId, controllerId: controller } = answer
      return { clusterId, controller, brokers: brokers.toSorted((a, b) => a.id - b.id) }
    })
  }

  async abilities(brokerId: number): Promise<BrokerAbilities> {
    const { apis: offered, finalizedFeatures } = await this.#cluster.versionsOf(brokerId, mainLane)
    const requests = new Map<string, number>()
    for (const { name, key, minVersion, maxVersion } of Object.values(apis)) {
      const range = offered.get(key)
      if (range === undefined) continue
      const version = Math.min(range.max, maxVersion)
      if (version >= Math.max(range.min, minVersion)) requests.set(name, version)
    }
    return { requests, features: finalizedFeatures }
  }

  /** Of itself the leader of the quorum says that it was there just now (DescribeQuorumResponse.java). */
  async controllerTime(): Promise<ControllerTime | undefined> {
    const what = 'Asking the controller for its time'
    if (this.#cluster.metadata.nodes.size === 0) await this.#cluster.refresh()
    // Any broker asks the controller.
    const [nodeId = -1] = this.#cluster.metadata.nodes.keys()
    const { apis: offered } = await this.#cluster.versionsOf(nodeId, mainLane)
    if ((offered.get(apis.DescribeQuorum.key)?.max ?? 0) < firstQuorumVersionWithTimes) return undefined
    const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }]
    const answer = await this.#cluster.send(nodeId, mainLane, apis.DescribeQuorum, { topics })
    throwOnError(answer.errorCode, { what, needs: { cluster: 'Describe' }, message: answer.errorMessage })
    const [quorum] = answer.topics[0]?.partitions ?? []
    if (quorum === undefined) return undefined
    throwOnError(quorum.errorCode, { what, needs: { cluster: 'Describe' }, message: quorum.errorMessage })
    const { leaderId: controllerId, currentVoters } = quorum
    const nowMs = currentVoters.find(({ replicaId }) => replicaId === controllerId)?.lastFetchTimestamp ?? -1
    return nowMs < 0 ? undefined : { controllerId, nowMs }
  }

  brokerConfigs(brokerId: number): Promise<ReadonlyMap<string, string>> {
    const what = `Describing the configuration of the broker ${brokerId}`
    return retrying(this.#cluster, { what, timeoutMs: this.#timeoutMs }, async () => {
      const resources = [{ resourceType: brokerResource, resourceName: String(brokerId), configurationKeys: null }]
      // Only that broker knows its own.
      const { results } = await this.#cluster.send(brokerId, mainLane, apis.DescribeConfigs, { resources })
      const configs = new Map<string, string>()
      for (const { errorCode, errorMessage, configs: entries } of results) {
        throwOnError(errorCode, { what, needs: { cluster: 'DescribeConfigs' }, message: errorMessage })
        for (const { name, value, isSensitive } of entries) if (!isSensitive && value !== null) configs.set(name, value)
      }
      return configs
    })
  }
}
