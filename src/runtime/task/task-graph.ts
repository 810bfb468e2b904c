/** The nodes of a task made from the plain data of its sub-topology, parents first. */
import { assert } from '../../common/assert.ts'
import type { RecordMetadata } from '../../processor/record.ts'
import type { SinkNode, TopologyNode } from '../../topology/topology-node.ts'
import { ProcessorTaskNode } from './processor-task-node.ts'
import { SinkTaskNode } from './sink-task-node.ts'
import { SourceTaskNode } from './source-task-node.ts'
import type { TaskOptions } from './task-options.ts'
import type { TaskScope } from './task-scope.ts'

export interface TaskGraph {
  readonly sources: ReadonlyMap<string, SourceTaskNode>
  /** In topological order. */
  readonly processors: readonly ProcessorTaskNode[]
}

type Parent = SourceTaskNode | ProcessorTaskNode

export function buildGraph(options: TaskOptions, scope: TaskScope): TaskGraph {
  const sources = new Map<string, SourceTaskNode>()
  const processors: ProcessorTaskNode[] = []
  const parents = new Map<string, Parent>()
  for (const spec of options.topology.nodes) {
    if (spec.kind === 'source') {
      const source = new SourceTaskNode(spec, scope)
      sources.set(spec.name, source)
      parents.set(spec.name, source)
    } else if (spec.kind === 'processor') {
      const processor = new ProcessorTaskNode(spec, scope)
      connect(spec, processor, parents)
      processors.push(processor)
      parents.set(spec.name, processor)
    } else {
      connect(spec, new SinkTaskNode(spec, topicOf(spec, options), scope), parents)
    }
  }
  return { sources, processors }
}

function connect(
  spec: Exclude<TopologyNode, { kind: 'source' }>,
  child: ProcessorTaskNode | SinkTaskNode,
  parents: ReadonlyMap<string, Parent>,
): void {
  for (const name of spec.parents) {
    const parent = parents.get(name)
    assert(parent !== undefined, `the parent ${name} of ${spec.name} comes before it`)
    parent.addChild(child)
  }
}

function topicOf(
  { topic }: SinkNode,
  { repartitionTopics, topicName }: TaskOptions,
): string | ((value: unknown, key: unknown, context: RecordMetadata) => unknown) {
  if (typeof topic === 'string') return repartitionTopics.has(topic) ? topicName(topic, 'repartition') : topic
  return topic as (value: unknown, key: unknown, context: RecordMetadata) => unknown
}
