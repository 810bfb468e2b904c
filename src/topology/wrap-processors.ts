/**
 * Applies a user's ProcessorWrapper to the processors of a topology. Users' own processors are wrapped as they are, the
 * DSL's operators look like processors to the wrapper. Kafka Streams: InternalTopologyBuilder.wrapProcessorSupplier.
 */
import { TopologyError } from '../errors/topology-error.ts'
import type { Operator, OperatorContext, OperatorSupplier } from '../processor/operator.ts'
import type { ProcessorContext } from '../processor/processor-context.ts'
import type { ProcessorWrapper } from '../processor/processor-wrapper.ts'
import type { Processor } from '../processor/processor.ts'
import type { StreamRecord } from '../processor/record.ts'
import { contextBehind, fixedKeyProcessorOperator, processorOperator, userSupplierOf } from './processor-operator.ts'
import type { TopologyDefinition } from './topology-builder.ts'
import type { ProcessorNode } from './topology-node.ts'

export function wrapProcessors(definition: TopologyDefinition, wrapper: ProcessorWrapper): TopologyDefinition {
  const wrap = <N extends ProcessorNode>(node: N): N => ({
    ...node,
    supplier: wrapSupplier(node.name, node.supplier, wrapper),
  })
  const nodes = definition.nodes.map((node) => (node.kind === 'processor' ? wrap(node) : node))
  const processors = new Map(nodes.map((node) => [node.name, node]))
  const globalStores = new Map(
    [...definition.globalStores].map(([source, store]) => {
      const processor = processors.get(store.processor.name)
      return [source, processor?.kind === 'processor' ? { ...store, processor } : store]
    }),
  )
  return { ...definition, nodes, globalStores }
}

function wrapSupplier(name: string, supplier: OperatorSupplier, wrapper: ProcessorWrapper): OperatorSupplier {
  const user = userSupplierOf(supplier)
  if (user?.kind === 'fixedKey') {
    const wrapped = wrapper.wrapFixedKeyProcessorSupplier?.(name, user.supplier)
    return wrapped === undefined ? supplier : fixedKeyProcessorOperator(name, wrapped)
  }
  const wrapped = wrapper.wrapProcessorSupplier?.(name, user?.supplier ?? (() => new OperatorProcessor(supplier())))
  return wrapped === undefined ? supplier : processorOperator(name, wrapped)
}

/** An operator of the DSL as a wrapper sees it. */
class OperatorProcessor implements Processor<unknown, unknown, unknown, unknown> {
  readonly #operator: Operator<unknown, unknown>
  #context!: OperatorContext<unknown, unknown>

  constructor(operator: Operator<never, never>) {
    this.#operator = operator
  }

  init(context: ProcessorContext<unknown, unknown>): void {
    this.#context = contextBehind(context) ?? refuseContext()
    this.#operator.init?.(this.#context)
  }

  process(given: StreamRecord<unknown, unknown>): void {
    const { record } = this.#context
    const { timestamp, headers } = record
    record.timestamp = given.timestamp
    record.headers = given.headers
    try {
      this.#operator.process(given.key, given.value)
    } finally {
      record.timestamp = timestamp
      record.headers = headers
    }
  }

  close(): void {
    this.#operator.close?.()
  }
}

function refuseContext(): never {
  throw new TopologyError(
    'MILLRACE_SUPPLIER_INVALID',
    `the processorWrapper gave an operator of the DSL another context than its own in init; pass on the context that the wrapping processor was given`,
  )
}
