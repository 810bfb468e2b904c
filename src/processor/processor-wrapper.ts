import type { FixedKeyProcessor, Processor } from './processor.ts'

/**
 * Wraps or replaces every processor of a topology, the DSL's operators too: to measure, to log, to test (KIP-1112).
 * Each method is called once per node with the node's name, and returns a supplier, for example the one that it was
 * given. What wraps an operator of the DSL passes on the context that it is given in `init`. Kafka Streams:
 * `ProcessorWrapper`, whose wrapped suppliers may bring stores along, which these cannot.
 *
 * @example
 * const timing: ProcessorWrapper = {
 *   wrapProcessorSupplier: (name, supplier) => () => {
 *     const inner = supplier()
 *     return {
 *       init: (context) => inner.init?.(context),
 *       process: (record) => measure(name, () => inner.process(record)),
 *       close: () => inner.close?.(),
 *     }
 *   },
 * }
 */
export interface ProcessorWrapper {
  /** Of `process`, `addProcessor`, global and read-only stores, and all operators of the DSL but `processValues`. */
  wrapProcessorSupplier?<K, V, KR, VR>(
    name: string,
    supplier: () => Processor<K, V, KR, VR>,
  ): () => Processor<K, V, KR, VR>
  /** Of `processValues`. */
  wrapFixedKeyProcessorSupplier?<K, V, VR>(
    name: string,
    supplier: () => FixedKeyProcessor<K, V, VR>,
  ): () => FixedKeyProcessor<K, V, VR>
}
