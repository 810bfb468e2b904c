/** The rules for names that end up in topic names (Kafka Streams' Named). */
import { isTopicName, topicNameMaxLength } from '../common/topic-name.ts'
import { TopologyError } from '../errors/topology-error.ts'

/** `what` names the option: `node name`, `store name`. */
export function checkName(name: string, what = 'node name'): string {
  const fault = faultOf(name)
  if (fault === undefined) return name
  throw new TopologyError('MILLRACE_NAME_INVALID', `${what} ${JSON.stringify(name)} ${fault}`)
}

/** Kafka's own rule (Topic.java): such a topic cannot exist. `node` reads or writes it. */
export function checkTopicName(node: string, topic: string): void {
  if (isTopicName(topic)) return
  throw new TopologyError(
    'MILLRACE_NAME_INVALID',
    `node ${node}: topic ${JSON.stringify(topic)} cannot exist; the name of a topic has 1 to ${topicNameMaxLength} of the characters a-z, A-Z, 0-9, '.', '_' and '-', and is not '.' or '..'`,
    { node, topic },
  )
}

function faultOf(name: unknown): string | undefined {
  if (typeof name !== 'string') return 'is not a string'
  if (name === '') return 'is empty; leave it out to have one generated'
  if (name === '.' || name === '..') return 'cannot be "." or ".."'
  if (name.length > topicNameMaxLength) {
    return `has ${name.length} characters; it becomes part of topic names and cannot have more than ${topicNameMaxLength}`
  }
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `contains a character other than ASCII alphanumerics, '.', '_' and '-'; it becomes part of topic names`
  }
  return undefined
}

/** A name with a number that the DSL counted up, which becomes another one when operators before it come or go. */
const generated =
  /^(?:KSTREAM|KTABLE|COGROUPKSTREAM)-[A-Z-]+-\d{10}|(?:^|-)STATE-STORE-\d{10}(?:-(?:changelog|repartition)|-repartition-\w+|$)/

export function isGeneratedName(name: string): boolean {
  return generated.test(name)
}

/** Equal for generated names that differ only in their numbers. */
export function nameStem(name: string): string {
  return isGeneratedName(name) ? name.replaceAll(/\d{10}/g, '#') : name
}
