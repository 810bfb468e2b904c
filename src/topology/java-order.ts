/**
 * The orders in which Java iterates over HashMap, HashSet and TreeSet, for `describe()` only. Java's text of a topology
 * depends on them: the sizes that order the nodes are summed up in the order of a HashMap, while TreeSets that are
 * ordered by those same sizes already hold some of the nodes. Equal text therefore needs equal tables and equal trees.
 */

/** Java's String.hashCode. */
export function javaStringHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0
  return hash
}

const defaultTableSize = 16
const loadFactor = 0.75
/** A chain of more entries doubles a small table (larger tables turn the chain into a tree, which is not modelled). */
const maxChainLength = 8
const minTreeTableSize = 64

/**
 * The order of a HashSet, or of a HashMap's keys, to which `names` were added one after the other. Chains keep the order
 * of insertion when a table doubles, so only the final table size matters.
 */
export function hashSetOrder(names: Iterable<string>, tableSize: number = defaultTableSize): string[] {
  const entries = [...new Set(names)].map((name) => ({ name, hash: spreadHash(name) }))
  let size = tableSize
  entries.forEach((entry, i) => {
    const slot = entry.hash & (size - 1)
    let chain = 0
    for (let j = 0; j <= i; j++) if (((entries[j]?.hash ?? 0) & (size - 1)) === slot) chain++
    if (chain > maxChainLength && size < minTreeTableSize) size *= 2
    if (i + 1 > size * loadFactor) size *= 2
  })
  return entries.toSorted((one, two) => (one.hash & (size - 1)) - (two.hash & (size - 1))).map(({ name }) => name)
}

/** The order of `new HashSet<>(collection)`, whose table is sized for the whole collection at once. */
export function copiedHashSetOrder(names: readonly string[]): string[] {
  const capacity = Math.max(Math.floor(names.length / loadFactor + 1), defaultTableSize)
  return hashSetOrder(names, 2 ** Math.ceil(Math.log2(capacity)))
}

/** HashMap mixes the upper half of the hash into the lower one, which picks the slot. */
function spreadHash(name: string): number {
  const hash = javaStringHash(name)
  return hash ^ (hash >>> 16)
}

interface TreeNode<T> {
  readonly item: T
  parent: TreeNode<T> | undefined
  readonly child: [TreeNode<T> | undefined, TreeNode<T> | undefined]
  red: boolean
}

/**
 * A red-black tree with the textbook's insertion, which is also Java's. With a comparison whose answers change over time
 * the position of an item depends on the shape of the tree when it was added.
 */
export class JavaTreeSet<T> {
  readonly #compare: (one: T, two: T) => number
  #root: TreeNode<T> | undefined

  constructor(compare: (one: T, two: T) => number) {
    this.#compare = compare
  }

  add(item: T): void {
    let parent: TreeNode<T> | undefined
    let side: 0 | 1 = 0
    for (let node = this.#root; node !== undefined; node = node.child[side]) {
      const order = this.#compare(item, node.item)
      if (order === 0) return
      parent = node
      side = order < 0 ? 0 : 1
    }
    const node: TreeNode<T> = { item, parent, child: [undefined, undefined], red: true }
    if (parent === undefined) this.#root = node
    else parent.child[side] = node
    this.#rebalance(node)
  }

  *[Symbol.iterator](): IterableIterator<T> {
    yield* inOrder(this.#root)
  }

  #rebalance(inserted: TreeNode<T>): void {
    let node = inserted
    while (node.parent?.red === true && node.parent.parent !== undefined) {
      const grandparent: TreeNode<T> = node.parent.parent
      const side = sideOf(node.parent)
      const uncle = grandparent.child[opposite(side)]
      if (uncle?.red === true) {
        node.parent.red = false
        uncle.red = false
        grandparent.red = true
        node = grandparent
        continue
      }
      if (sideOf(node) !== side) {
        node = node.parent
        this.#rotate(node, side)
      }
      if (node.parent !== undefined) node.parent.red = false
      grandparent.red = true
      this.#rotate(grandparent, opposite(side))
    }
    if (this.#root !== undefined) this.#root.red = false
  }

  /** Moves `node` down to the given side; its child from the other side takes its place. */
  #rotate(node: TreeNode<T>, side: 0 | 1): void {
    const raised = node.child[opposite(side)]
    if (raised === undefined) return
    const moved = raised.child[side]
    node.child[opposite(side)] = moved
    if (moved !== undefined) moved.parent = node
    raised.parent = node.parent
    if (node.parent === undefined) this.#root = raised
    else node.parent.child[sideOf(node)] = raised
    raised.child[side] = node
    node.parent = raised
  }
}

function sideOf<T>(node: TreeNode<T>): 0 | 1 {
  return node.parent?.child[0] === node ? 0 : 1
}

function opposite(side: 0 | 1): 0 | 1 {
  return side === 0 ? 1 : 0
}

function* inOrder<T>(node: TreeNode<T> | undefined): IterableIterator<T> {
  if (node === undefined) return
  yield* inOrder(node.child[0])
  yield node.item
  yield* inOrder(node.child[1])
}
