/** Topics as resources of Strimzi's topic operator, for kubectl, Argo CD and their like. */
import { createHash } from 'node:crypto'
import { comment, doubleQuoted, heading } from './topic-emission.ts'
import type { EmittedTopic, Emission } from './topic-emission.ts'

export function strimziOf(emission: Emission): string {
  const { strimziCluster, topics } = emission
  const documents = topics.map((topic) => resourceOf(topic, strimziCluster))
  const version = topics.length === 0 ? '' : comment('v1 is of Strimzi 0.49 and later; older ones take v1beta2')
  return `${heading(emission)}${version}${documents.join('')}`
}

function resourceOf(topic: EmittedTopic, cluster: string | undefined): string {
  const { name, exists, partitions, replicationFactor } = topic
  const lines = [
    'apiVersion: kafka.strimzi.io/v1',
    'kind: KafkaTopic',
    'metadata:',
    `  name: ${doubleQuoted(resourceName(name))}`,
    ...(cluster === undefined ? [] : ['  labels:', `    strimzi.io/cluster: ${doubleQuoted(cluster)}`]),
    'spec:',
    `  topicName: ${doubleQuoted(name)}`,
    `  partitions: ${partitions}`,
    ...(replicationFactor === undefined ? [] : [`  replicas: ${replicationFactor}`]),
    ...configLines(topic),
  ]
  const takenOver = 'it exists: Strimzi takes it over, and what else is set on it goes back to its default'
  return `---\n${exists ? comment(takenOver) : ''}${lines.join('\n')}\n`
}

function configLines({ config }: EmittedTopic): string[] {
  const entries = Object.entries(config)
  if (entries.length === 0) return []
  return ['  config:', ...entries.map(([key, value]) => `    ${keyOf(key)}: ${doubleQuoted(value)}`)]
}

/** With a dot in it no key is taken for a number, a truth or nothing. */
function keyOf(key: string): string {
  return /^[a-z]+(?:\.[a-z]+)+$/.test(key) ? key : doubleQuoted(key)
}

const nameMaxLength = 253
const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?'
const resourceNameForm = new RegExp(String.raw`^${label}(?:\.${label})*$`)

/** A name that Kubernetes takes (RFC 1123). Of one that it does not, a part of its hash keeps alike ones apart. */
function resourceName(topic: string): string {
  if (topic.length <= nameMaxLength && resourceNameForm.test(topic)) return topic
  const hash = createHash('sha256').update(topic).digest('hex').slice(0, 8)
  const readable = topic
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, nameMaxLength - hash.length - 1)
  return `${readable === '' ? 'topic' : readable.replace(/-$/, '')}-${hash}`
}
