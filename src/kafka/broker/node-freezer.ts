import { deferred, type Deferred } from '../../common/deferred.ts'
import type { BrokerNode } from './broker-nodes.ts'

/** Nodes that stand still, as under SIGSTOP: connections stay, requests arrive, nothing is answered. */
export class NodeFreezer {
  readonly #thaws = new Map<BrokerNode, Deferred<void>>()

  freeze(node: BrokerNode): void {
    if (node.isFrozen) return
    node.isFrozen = true
    this.#thaws.set(node, deferred())
  }

  thaw(node: BrokerNode): void {
    node.isFrozen = false
    this.#thaws.get(node)?.resolve()
    this.#thaws.delete(node)
  }

  thawed(node: BrokerNode): Promise<void> {
    return this.#thaws.get(node)?.promise ?? Promise.resolve()
  }
}
