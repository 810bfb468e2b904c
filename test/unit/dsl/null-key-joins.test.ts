import { expect, test } from 'vitest'
import { LogicalGraph, type GraphNode, type NodeId } from '../../../src/dsl/graph.ts'
import { nodesAboveNullKeyJoins } from '../../../src/dsl/null-key-joins.ts'
import { passThrough } from '../../../src/dsl/operators/pass-through.ts'

interface TestGraph {
  readonly add: (parents: readonly NodeId[], wantsNullKeys?: boolean) => NodeId
  readonly above: () => NodeId[]
}

function graph(): TestGraph {
  const nodes = new LogicalGraph()
  return {
    add: (parents, wantsNullKeys) =>
      nodes.add({
        kind: 'operation',
        name: 'node',
        parents,
        supplier: passThrough,
        ownStores: () => [],
        otherStores: [],
        onProcessingError: undefined,
        wantsNullKeys,
      }),
    above: () => [...nodesAboveNullKeyJoins(byId(nodes.nodes()))].toSorted((one, two) => one - two),
  }
}

function byId(nodes: readonly GraphNode[]): Map<NodeId, GraphNode> {
  return new Map(nodes.map((node) => [node.id, node]))
}

test('what is above a join that wants records without a key carries them, however far', () => {
  const { add, above } = graph()
  const source = add([])
  const repartition = add([source])
  const other = add([source])
  const table = add([])
  const join = add([repartition, table], true)
  add([join])
  add([other])
  expect(above()).toEqual([source, repartition, table])
})

test('without such a join nothing does', () => {
  const { add, above } = graph()
  add([add([])], false)
  expect(above()).toEqual([])
})

test('two such joins behind each other, and two ways to one, are no trouble', () => {
  const { add, above } = graph()
  const source = add([])
  const [left, right] = [add([source]), add([source])]
  const first = add([left, right], true)
  add([first], true)
  expect(above()).toEqual([source, left, right, first])
})
