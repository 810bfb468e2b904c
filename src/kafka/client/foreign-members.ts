/**
 * The wait for members of a group that speak another protocol: mostly those of a Java application that was stopped. Java
 * does not leave its group at the end, so that its members stay until their sessions end (45 s by default). Nobody can
 * tell a stopped member from one that is alive, so none is removed: the log says who is waited for, and after a bounded
 * time it is an error.
 */
import { sleep } from '../../common/clock.ts'
import { apis } from '../protocol/apis.ts'
import type { Cluster } from './cluster.ts'

const attemptEveryMs = 1000
const logEveryMs = 15_000

export class ForeignMembers {
  readonly #cluster: Cluster
  readonly #groupId: string
  readonly #maxWaitMs: number
  #sinceMs: number | undefined
  #loggedMs = 0

  constructor(cluster: Cluster, groupId: string, maxWaitMs: number) {
    this.#cluster = cluster
    this.#groupId = groupId
    this.#maxWaitMs = maxWaitMs
  }

  /** Joining has succeeded, or failed for another reason. */
  reset(): void {
    this.#sinceMs = undefined
  }

  /** After a join that they prevented. False: they have been there for too long. */
  async wait(): Promise<boolean> {
    const { clock, closing } = this.#cluster
    const now = clock.now()
    this.#sinceMs ??= now
    const waitedMs = now - this.#sinceMs
    if (waitedMs >= this.#maxWaitMs) return false
    if (waitedMs === 0 || now - this.#loggedMs >= logEveryMs) await this.#log(waitedMs)
    await sleep(clock, attemptEveryMs, closing)
    return true
  }

  async #log(waitedMs: number): Promise<void> {
    this.#loggedMs = this.#cluster.clock.now()
    this.#cluster.logger.warn(
      { group: this.#groupId, members: await this.#describe(), waitedMs, maxWaitMs: this.#maxWaitMs },
      'the group has members that speak another protocol, such as those of a Java application: one that was stopped stays until its session ends (45 s by default); waiting',
    )
  }

  /** For the log only. */
  async #describe(): Promise<readonly string[]> {
    try {
      const nodeId = await this.#cluster.coordinator('group', this.#groupId)
      const request = { groups: [this.#groupId], includeAuthorizedOperations: false }
      const { groups } = await this.#cluster.send(nodeId, `describe ${this.#groupId}`, apis.DescribeGroups, request)
      this.#cluster.drop(nodeId, `describe ${this.#groupId}`)
      return groups.flatMap(({ members }) => members.map(({ clientId, clientHost }) => `${clientId} at ${clientHost}`))
    } catch {
      return []
    }
  }
}
