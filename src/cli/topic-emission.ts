/**
 * What a plan of topics creates and changes, as the tools take it that others keep their topics with. This is what all of
 * their forms are made of.
 */
import type { PlannedTopic, TopicsPlan } from '../runtime/operations/topics-plan.ts'

export interface Emission {
  readonly applicationId: string
  /** `host:port`. */
  readonly brokers: readonly string[]
  /** The brokers ask for TLS or a password. */
  readonly isSecured: boolean
  /** The Kafka resource that the topics belong to; undefined: whoever applies them says it. */
  readonly strimziCluster: string | undefined
  readonly topics: readonly EmittedTopic[]
}

export interface EmittedTopic {
  readonly name: string
  /** It is there, and only `changes` of its configuration is wrong. */
  readonly exists: boolean
  readonly partitions: number
  /** Undefined: the brokers' default. */
  readonly replicationFactor: number | undefined
  /** All of it that the application needs. */
  readonly config: Readonly<Record<string, string>>
  /** Of one that exists. */
  readonly changes: Readonly<Record<string, string>>
}

/** Of a plan that is not blocked: every topic that is created has its partition count. */
export function emittedTopics({ topics }: TopicsPlan): EmittedTopic[] {
  return topics.filter(({ status }) => status === 'create' || status === 'config').map(emittedTopic)
}

function emittedTopic({
  name,
  status,
  partitions,
  replicationFactor,
  config,
  configChanges,
}: PlannedTopic): EmittedTopic {
  const exists = status === 'config'
  const replicas = exists ? replicationFactor.found : replicationFactor.wanted
  return {
    name,
    exists,
    // Known of both kinds; of one that exists it is what it has, or the plan would be blocked.
    partitions: partitions.wanted ?? 1,
    replicationFactor: replicas === null || replicas < 1 ? undefined : replicas,
    config,
    changes: Object.fromEntries(configChanges.map((change) => [change.name, change.wanted])),
  }
}

/** In all of these forms a comment begins with `#` and ends with the line. */
export function comment(text: string): string {
  return `# ${text.replaceAll(/[^\u0020-\u007E]/g, '?')}\n`
}

export function heading({ applicationId, topics }: Emission): string {
  return comment(
    topics.length === 0
      ? `${applicationId}: all topics are as the application needs them`
      : `${applicationId}: topics that it needs, and that are missing or differ`,
  )
}

/** In quotes, in ASCII, as YAML and HCL read it alike. Half a character (a lone surrogate) has no form in either. */
export function doubleQuoted(text: string): string {
  const escaped = text.toWellFormed().replaceAll(/["\\]/g, String.raw`\$&`)
  return `"${escaped.replaceAll(/[^\u0020-\u007E]/gu, codePoint)}"`
}

function codePoint(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16)
  return code.length > 4 ? String.raw`\U${code.padStart(8, '0')}` : String.raw`\u${code.padStart(4, '0')}`
}
