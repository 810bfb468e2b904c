/** Topics as resources of Terraform's provider Mongey/kafka. */
import { CliError } from '../errors/cli-error.ts'
import { comment, doubleQuoted, heading } from './topic-emission.ts'
import type { EmittedTopic, Emission } from './topic-emission.ts'

export function terraformOf(emission: Emission): string {
  const { topics } = emission
  requireReplicas(topics)
  const taken = new Set<string>()
  const provider = topics.length === 0 ? '' : comment('for the provider Mongey/kafka')
  return `${heading(emission)}${provider}${topics.map((topic) => resourceOf(topic, labelOf(topic.name, taken))).join('')}`
}

/** The provider takes no default of the brokers: it would find another number afterwards, and make the topic anew. */
function requireReplicas(topics: readonly EmittedTopic[]): void {
  const without = topics.filter(({ replicationFactor }) => replicationFactor === undefined)
  if (without.length === 0) return
  throw new CliError(
    'MILLRACE_PRECONDITION',
    `Terraform needs a replication factor for ${without.map(({ name }) => name).join(', ')}: give --replication-factor 3 for topics of others, -X replicationFactor=3 for those of the application`,
  )
}

function resourceOf(topic: EmittedTopic, label: string): string {
  const { name, exists, partitions, replicationFactor } = topic
  const takenOver = 'it exists: Terraform takes it over, and what else is set on it goes back to its default'
  const id = exists ? ['', 'import {', `  to = kafka_topic.${label}`, `  id = ${quoted(name)}`, '}'] : []
  const lines = [
    ...id,
    '',
    `resource "kafka_topic" "${label}" {`,
    `  name               = ${quoted(name)}`,
    `  partitions         = ${partitions}`,
    `  replication_factor = ${replicationFactor}`,
    ...configLines(topic),
    '}',
  ]
  return `${exists ? `\n${comment(takenOver).trimEnd()}` : ''}${lines.join('\n')}\n`
}

function configLines({ config }: EmittedTopic): string[] {
  const entries = Object.entries(config).map(([key, value]) => [quoted(key), quoted(value)] as const)
  if (entries.length === 0) return []
  const width = Math.max(...entries.map(([key]) => key.length))
  return ['', '  config = {', ...entries.map(([key, value]) => `    ${key.padEnd(width)} = ${value}`), '  }']
}

/** `${…}` and `%{…}` would be templates. */
function quoted(text: string): string {
  return doubleQuoted(text).replaceAll(/(?<=[$%])\{/g, String.raw`\u007b`)
}

/** An identifier of HCL, which no other topic has. */
function labelOf(topic: string, taken: Set<string>): string {
  const readable = topic.replaceAll(/[^A-Za-z0-9_-]/g, '_')
  const base = /^[A-Za-z_]/.test(readable) ? readable : `_${readable}`
  let label = base
  for (let count = 2; taken.has(label); count++) label = `${base}_${count}`
  taken.add(label)
  return label
}
