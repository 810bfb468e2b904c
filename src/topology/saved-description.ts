/** A description that was saved as JSON, checked before anything believes it: it may be of another version, or no description. */
import type { TopologyJson } from './description.ts'

/** The description, or what is wrong with it, in words. */
export function savedDescription(value: unknown): TopologyJson | string {
  if (!isObject(value)) return 'it is not an object'
  if (value['version'] !== 1)
    return `its version is ${JSON.stringify(value['version'])}, and this millrace knows version 1`
  for (const list of ['subTopologies', 'stores', 'topics', 'repartitionTopics', 'copartitionGroups']) {
    if (!Array.isArray(value[list])) return `'${list}' is no list`
  }
  const nodes = (value['subTopologies'] as readonly unknown[]).flatMap((part): readonly unknown[] =>
    isObject(part) && typeof part['id'] === 'number' && Array.isArray(part['nodes'])
      ? (part['nodes'] as unknown[])
      : [undefined],
  )
  return (
    faultIn('node', nodes, ['kind', 'name', 'naming'], ['predecessors', 'successors']) ??
    faultIn('store', value['stores'] as unknown[], ['kind', 'name', 'naming'], ['nodes']) ??
    faultIn('topic', value['topics'] as unknown[], ['kind', 'name', 'naming'], ['readBy', 'writtenBy']) ??
    (value as unknown as TopologyJson)
  )
}

function faultIn(
  what: string,
  items: readonly unknown[],
  texts: readonly string[],
  lists: readonly string[],
): string | undefined {
  for (const item of items) {
    if (!isObject(item)) return `a ${what} is not an object`
    const name = typeof item['name'] === 'string' ? ` '${item['name']}'` : ''
    const missing = [
      ...texts.filter((key) => typeof item[key] !== 'string'),
      ...lists.filter((key) => !Array.isArray(item[key])),
    ][0]
    if (missing !== undefined) return `the ${what}${name} has no '${missing}'`
  }
  return undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
