/** What the principal may do (KIP-430): brokers tell it with the answer to a question about the resource. */
import { apis } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import type { AclOperation, PermissionAdmin } from './admin-types.ts'
import { retrying } from './backoff.ts'
import { mainLane } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { throwOnError } from './kafka-faults.ts'

/** The bits of an answer (AclOperation.java). */
const operationBits: readonly (readonly [number, AclOperation])[] = [
  [3, 'Read'],
  [4, 'Write'],
  [5, 'Create'],
  [6, 'Delete'],
  [7, 'Alter'],
  [8, 'Describe'],
  [9, 'ClusterAction'],
  [10, 'DescribeConfigs'],
  [11, 'AlterConfigs'],
  [12, 'IdempotentWrite'],
]

/** The broker does not tell. */
const untold = -2_147_483_648

export class PermissionRequests implements PermissionAdmin {
  readonly #cluster: Cluster
  readonly #timeoutMs: number

  constructor(cluster: Cluster, timeoutMs: number) {
    this.#cluster = cluster
    this.#timeoutMs = timeoutMs
  }

  async topics(names: readonly string[]): Promise<Map<string, ReadonlySet<AclOperation> | undefined>> {
    const found = new Map<string, ReadonlySet<AclOperation> | undefined>()
    if (names.length === 0) return found
    const what = 'Asking what is allowed on topics'
    await retrying(this.#cluster, { what, timeoutMs: this.#timeoutMs }, async () => {
      const request = {
        topics: names.map((name) => ({ name })),
        allowAutoTopicCreation: false,
        includeTopicAuthorizedOperations: true,
      }
      const { topics } = await this.#cluster.sendToAny(apis.Metadata, request, { minVersion: 8 })
      for (const { name, errorCode, topicAuthorizedOperations } of topics) {
        if (name === null || errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION) continue
        if (errorCode === errorCodes.TOPIC_AUTHORIZATION_FAILED) found.set(name, new Set())
        else {
          throwOnError(errorCode, { what, topic: name })
          found.set(name, operationsOf(topicAuthorizedOperations))
        }
      }
    })
    return found
  }

  group(groupId: string): Promise<ReadonlySet<AclOperation> | undefined> {
    const what = `Asking what is allowed on the group ${groupId}`
    return this.#cluster.withCoordinator('group', groupId, { what, timeoutMs: this.#timeoutMs }, async (nodeId) => {
      const request = { groups: [groupId], includeAuthorizedOperations: true }
      // From 6 on nothing is told of a group that does not exist yet.
      const { groups } = await this.#cluster.send(nodeId, mainLane, apis.DescribeGroups, request, {
        minVersion: 3,
        maxVersion: 5,
      })
      const group = groups[0]
      if (group === undefined) return undefined
      if (group.errorCode === errorCodes.GROUP_AUTHORIZATION_FAILED) return new Set<AclOperation>()
      throwOnError(group.errorCode, { what, groupId })
      return operationsOf(group.authorizedOperations)
    })
  }

  cluster(): Promise<ReadonlySet<AclOperation> | undefined> {
    const what = 'Asking what is allowed on the cluster'
    return retrying(this.#cluster, { what, timeoutMs: this.#timeoutMs }, async () => {
      const request = { includeClusterAuthorizedOperations: true }
      const answer = await this.#cluster.sendToAny(apis.DescribeCluster, request)
      if (answer.errorCode === errorCodes.CLUSTER_AUTHORIZATION_FAILED) return new Set<AclOperation>()
      throwOnError(answer.errorCode, { what })
      return operationsOf(answer.clusterAuthorizedOperations)
    })
  }
}

function operationsOf(bits: number): ReadonlySet<AclOperation> | undefined {
  if (bits === untold) return undefined
  return new Set(operationBits.flatMap(([bit, operation]) => ((bits & (1 << bit)) === 0 ? [] : [operation])))
}
