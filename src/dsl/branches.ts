/**
 * The map of branches that a split ends with. It must never answer with nothing: `get('typo')?.to(…)` would be a topology
 * that leaves records out without a word.
 */
import { nearest } from '../common/nearest.ts'
import { TopologyError } from '../errors/topology-error.ts'

/**
 * The branches of a stream by name, in order. The name is that of the split and then that of the branch. Kafka Streams: the
 * map that `BranchedKStream#defaultBranch` returns.
 *
 * @example
 * const branches: Branches<KStream<string, Order>> = split.defaultBranch({ name: 'other' })
 * branches.get('orders-other').to('other-orders')
 */
export interface Branches<S> extends Map<string, S> {
  /**
   * A name that the map does not have is an error, `TopologyError` with MILLRACE_BRANCH_UNKNOWN: a stream that is not
   * there is written nowhere, and nobody would notice. `has` asks.
   */
  get(name: string): S
}

export class BranchMap<S> extends Map<string, S> implements Branches<S> {
  readonly #node: string
  /** Of branches that were given away: to a consumer, or to a function that returned nothing. */
  readonly #givenAway = new Set<string>()

  constructor(node: string) {
    super()
    this.#node = node
  }

  giveAway(name: string): void {
    this.#givenAway.add(name)
  }

  override get(name: string): S {
    return super.get(name) ?? this.#refuse(name)
  }

  #refuse(name: unknown): never {
    throw new TopologyError(
      'MILLRACE_BRANCH_UNKNOWN',
      `node ${this.#node}: the map of branches has no '${String(name)}'; ${this.#advice(String(name))}`,
      { node: this.#node },
    )
  }

  #advice(name: string): string {
    if (this.#givenAway.has(name)) {
      return 'that branch was given to its withConsumer, or its withFunction returned nothing: go on with it there'
    }
    const names = [...this.keys()]
    if (names.length === 0) return 'it is empty'
    // Mostly the name of the split was left out.
    const meant = names.find((known) => known === this.#node + name) ?? nearest(name, names)
    const has = `it has: ${names.join(', ')}`
    return meant === undefined ? has : `did you mean '${meant}'? ${has}`
  }
}
