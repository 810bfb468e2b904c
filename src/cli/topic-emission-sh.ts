/** Topics as a script for the shell: Kafka's own tools, which can be called again. */
import { unsafeCharacters } from '../common/unsafe-characters.ts'
import { CliError } from '../errors/cli-error.ts'
import { quoted } from './shell/words.ts'
import { comment, heading } from './topic-emission.ts'
import type { EmittedTopic, Emission } from './topic-emission.ts'

export function shOf(emission: Emission): string {
  const { brokers, isSecured, topics } = emission
  if (topics.length === 0) return heading(emission)
  const connection = ['--bootstrap-server', brokers.join(','), ...(isSecured ? ['--command-config', secretsFile] : [])]
  const commands = topics.map((topic) => commandOf(topic, connection))
  return `#!/bin/sh\n${heading(emission)}${isSecured ? comment(secretsAdvice) : ''}set -e\n${commands.join('')}`
}

/** No secret of ours is written anywhere. */
const secretsFile = 'client.properties'
const secretsAdvice = `${secretsFile}: security.protocol, sasl.mechanism, sasl.jaas.config, ssl.truststore.location, …`

function commandOf(topic: EmittedTopic, connection: readonly string[]): string {
  const words = topic.exists
    ? ['kafka-configs.sh', ...connection, '--alter', '--entity-type', 'topics', ...configWords(topic)]
    : ['kafka-topics.sh', ...connection, '--create', '--if-not-exists', ...topicWords(topic)]
  return `${words.map(word).join(' ')}\n`
}

function topicWords({ name, partitions, replicationFactor, config }: EmittedTopic): string[] {
  return [
    ...valued('--topic', name),
    '--partitions',
    String(partitions),
    ...(replicationFactor === undefined ? [] : ['--replication-factor', String(replicationFactor)]),
    ...Object.entries(config).flatMap(([key, value]) => valued('--config', `${key}=${value}`)),
  ]
}

/** kafka-configs.sh takes all of them in one argument, lists in brackets (ConfigCommand.parseConfigsToBeAdded). */
function configWords({ name, changes }: EmittedTopic): string[] {
  const values = Object.entries(changes).map(([key, value]) => `${key}=${value.includes(',') ? `[${value}]` : value}`)
  return [...valued('--entity-name', name), ...valued('--add-config', values.join(','))]
}

/** A value that begins with a dash would be taken for an option. */
function valued(option: string, value: string): string[] {
  return value.startsWith('-') ? [`${option}=${value}`] : [option, value]
}

/** What would not come out of a terminal as it went in; no topic name has it, and no config that Kafka knows. */
const unprintable = new RegExp(String.raw`[\u0000-\u001F${unsafeCharacters}]`)

function word(text: string): string {
  if (unprintable.test(text) || !text.isWellFormed()) {
    throw new CliError(
      'MILLRACE_PRECONDITION',
      `${JSON.stringify(text)} cannot be written into a script: it has control characters; take --emit strimzi or terraform, or correct it`,
    )
  }
  return quoted(text)
}
