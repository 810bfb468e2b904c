/** BranchedKStream over the logical graph. Kafka Streams: BranchedKStreamImpl.java. */
import { TopologyError } from '../errors/topology-error.ts'
import { checkOptions } from '../topology/check-options.ts'
import type { Named } from '../topology/options.ts'
import { BranchMap, type Branches } from './branches.ts'
import type { DslBuilder, KStreamPart } from './dsl-builder.ts'
import type { NodeId } from './graph.ts'
import { branchOperator, type BranchPlan } from './operators/branch.ts'
import { passThrough } from './operators/pass-through.ts'
import { branchedOptions, checkNamed } from './option-names.ts'
import type { Branched, BranchedKStream, KStream } from './streams.ts'

export function splitStream<K, V>(dsl: DslBuilder, part: KStreamPart, options: Named): BranchedKStream<K, V> {
  return new BranchedKStreamImpl(dsl, part, checkNamed('split()', options))
}

class BranchedKStreamImpl<K, V> implements BranchedKStream<K, V> {
  readonly #dsl: DslBuilder
  readonly #source: KStreamPart
  readonly #name: string
  readonly #splitter: NodeId
  readonly #plan: BranchPlan<K, V> = { branches: [], defaultChild: undefined }
  readonly #streams: BranchMap<KStream<K, V>>

  constructor(dsl: DslBuilder, source: KStreamPart, options: Named) {
    this.#dsl = dsl
    this.#source = source
    this.#name = dsl.nodeName('KSTREAM-BRANCH-', options.name)
    this.#streams = new BranchMap(this.#name)
    this.#splitter = dsl.graph.add({
      kind: 'operation',
      name: this.#name,
      parents: [source.node],
      changes: 'nothing',
      supplier: branchOperator(this.#plan),
      ownStores: () => [],
      otherStores: [],
      onProcessingError: options.onProcessingError,
    })
  }

  branch(predicate: (value: V, key: K) => boolean, options: Branched<K, V> = {}): BranchedKStream<K, V> {
    if (typeof predicate !== 'function') refuse(this.#name, `branch() needs a predicate, found ${typeof predicate}`)
    this.#requireOpen('branch()')
    const child = this.#childName('branch()', options, this.#plan.branches.length + 1)
    this.#plan.branches.push({ predicate, child })
    this.#addChild(child, options)
    return this
  }

  defaultBranch(options: Branched<K, V> = {}): Branches<KStream<K, V>> {
    this.#requireOpen('defaultBranch()')
    const child = this.#childName('defaultBranch()', options, 0)
    this.#plan.defaultChild = child
    this.#addChild(child, options)
    return this.#streams
  }

  noDefaultBranch(): Branches<KStream<K, V>> {
    return this.#streams
  }

  /** The name of the splitter and that of the branch, else its number from 1; the default branch has 0. */
  #childName(operator: string, options: Branched<K, V>, index: number): string {
    const { name = String(index), withFunction, withConsumer } = checkOptions(operator, options, branchedOptions)
    if (withFunction !== undefined && withConsumer !== undefined) {
      refuse(this.#name, `${operator} was given withFunction and withConsumer; give one of them`)
    }
    if (typeof name !== 'string') refuse(this.#name, `the name of a branch is a string, found ${typeof name}`)
    // As everywhere a name uses up an index; as in Java it may have any characters, since no topic is named after it.
    this.#dsl.nodeName('')
    this.#dsl.operators.set(this.#name + name, 'branch-child')
    return this.#name + name
  }

  #addChild(name: string, options: Branched<K, V>): void {
    const node = this.#dsl.graph.add({
      kind: 'operation',
      name,
      parents: [this.#splitter],
      changes: 'nothing',
      supplier: passThrough,
      ownStores: () => [],
      otherStores: [],
      onProcessingError: options.onProcessingError,
    })
    this.#chain(name, this.#dsl.stream<K, V>({ ...this.#source, name, node }), options)
  }

  #chain(name: string, stream: KStream<K, V>, { withFunction, withConsumer }: Branched<K, V>): void {
    if (withConsumer !== undefined) {
      this.#streams.giveAway(name)
      return withConsumer(stream)
    }
    const result: unknown = withFunction === undefined ? stream : withFunction(stream)
    // A function may keep its branch to itself.
    if (result === null || result === undefined) return this.#streams.giveAway(name)
    this.#dsl.require('withFunction', 'stream', result)
    this.#streams.set(name, result as KStream<K, V>)
  }

  #requireOpen(operator: string): void {
    if (this.#plan.defaultChild === undefined) return
    refuse(this.#name, `${operator} comes after defaultBranch(), which ends the branches; put it before`)
  }
}

function refuse(node: string, what: string): never {
  throw new TopologyError('MILLRACE_OPTION_INVALID', `node ${node}: ${what}`, { node })
}
