/** `millrace topics`: shows a plan of topics, and carries it out. */
import { CliError } from '../errors/cli-error.ts'
import type { KafkaConnection } from '../processor/streams-config.ts'
import { applyTopicsPlan, topicsPlanOnCluster } from '../runtime/operations/topics-on-cluster.ts'
import { hasChanges, isBlocked } from '../runtime/operations/topics-plan.ts'
import type { PlannedTopic, TopicsPlan, TopicStatus } from '../runtime/operations/topics-plan.ts'
import { withClient } from './connection.ts'
import type { ConnectionOptions } from './connection.ts'
import { emittedTopics } from './topic-emission.ts'
import type { Emission } from './topic-emission.ts'
import { shOf } from './topic-emission-sh.ts'
import { strimziOf } from './topic-emission-strimzi.ts'
import { terraformOf } from './topic-emission-terraform.ts'
import { emit } from './output.ts'
import type { OutputFormat } from './output.ts'
import { loadShape } from './shape.ts'
import { redactedLine } from './shell/redact-line.ts'
import { quoted } from './shell/words.ts'
import { styled } from './style.ts'
import type { Style } from './style.ts'
import { tableText } from './table.ts'
import { print, say } from './terminal.ts'

export interface TopicsOptions extends ConnectionOptions {
  readonly output: OutputFormat
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly check?: boolean
  readonly emit?: EmittedForm
  readonly strimziCluster?: string
}

export type EmittedForm = 'sh' | 'strimzi' | 'terraform'

const forms: Readonly<Record<EmittedForm, (emission: Emission) => string>> = {
  sh: shOf,
  strimzi: strimziOf,
  terraform: terraformOf,
}

export async function topicsPlanCommand(file: string | undefined, options: TopicsOptions): Promise<void> {
  requireEmittable(options)
  const { shape, config, file: named } = await loadShape(file, options)
  const { partitions, replicationFactor, output } = options
  await withClient(
    'topics',
    options,
    async (client) => {
      const plan = await topicsPlanOnCluster(client, { application: shape, partitions, replicationFactor })
      if (options.emit === undefined) {
        await emit(output, { document: documentOf(plan), rows: plan.topics, text: () => planText(plan) })
      } else {
        await printEmission(plan, config.kafka, options.emit, options.strimziCluster)
      }
      const isDifferent = hasChanges(plan) || isBlocked(plan)
      if (options.check === true && isDifferent) throw different(plan)
      if (hasChanges(plan) && !isBlocked(plan) && options.emit === undefined)
        say(`to carry it out:\n  ${applyCommand(named, options)}`)
      if (isBlocked(plan)) say(adviceOf(plan))
    },
    config.kafka,
  )
}

export async function topicsApplyCommand(file: string | undefined, options: TopicsOptions): Promise<void> {
  const { shape, config } = await loadShape(file, options)
  const { partitions, replicationFactor, output } = options
  await withClient(
    'topics',
    options,
    async (client) => {
      const plan = await topicsPlanOnCluster(client, { application: shape, partitions, replicationFactor })
      if (isBlocked(plan)) throw blocked(plan, 'nothing was changed')
      const applied = await applyTopicsPlan(client, plan)
      const { applicationId } = plan
      await emit(output, {
        document: { applicationId, ...applied },
        rows: [
          ...applied.created.map((name) => ({ name, done: 'created' })),
          ...applied.changed.map((name) => ({ name, done: 'changed' })),
        ],
        text: () => appliedText(applied),
      })
    },
    config.kafka,
  )
}

function requireEmittable({ emit: form, output, strimziCluster }: TopicsOptions): void {
  if (form !== undefined && output !== 'text') {
    throw new CliError('MILLRACE_USAGE', `--emit ${form} is a form of its own: leave out -o ${output}`)
  }
  if (strimziCluster === undefined) return
  if (form !== 'strimzi') throw new CliError('MILLRACE_USAGE', '--strimzi-cluster goes with --emit strimzi')
  if (/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(strimziCluster)) return
  throw new CliError('MILLRACE_USAGE', `--strimzi-cluster takes the name of a Kafka resource, not '${strimziCluster}'`)
}

/** All of it or nothing: who applies a part of it would not see what is missing. */
async function printEmission(
  plan: TopicsPlan,
  kafka: KafkaConnection,
  form: EmittedForm,
  strimziCluster: string | undefined,
): Promise<void> {
  if (isBlocked(plan)) throw blocked(plan, 'nothing was printed, because it would not be all')
  const topics = emittedTopics(plan)
  const brokers = 'brokers' in kafka ? kafka.brokers : []
  const isSecured = 'brokers' in kafka && ((kafka.ssl ?? false) !== false || kafka.sasl !== undefined)
  await print(forms[form]({ applicationId: plan.applicationId, brokers, isSecured, strimziCluster, topics }))
  for (const { name, warnings } of plan.topics) for (const warning of warnings) say(`warning: ${name}: ${warning}`)
  if (form === 'strimzi' && strimziCluster === undefined && topics.length > 0) {
    say(
      'Strimzi looks for the label strimzi.io/cluster: give --strimzi-cluster, or add it where the resources are kept',
    )
  }
}

/** With all that the plan was made of, or another one would be carried out. Secrets have to be put in again. */
function applyCommand(file: string, options: TopicsOptions): string {
  const { brokers, applicationId, config, profile, set = [], partitions, replicationFactor } = options
  const flags: readonly (readonly [flag: string, value: string | number | undefined])[] = [
    ['--brokers', brokers],
    ['--application-id', applicationId],
    ['--config', config],
    ['--profile', profile],
    ...set.map((assignment) => ['-X', assignment] as const),
    ['--partitions', partitions],
    ['--replication-factor', replicationFactor],
  ]
  const given = flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, quoted(String(value))]))
  return redactedLine(['millrace topics apply', quoted(file), ...given].join(' ')) ?? 'millrace topics apply'
}

function documentOf(plan: TopicsPlan): object {
  return { ...plan, blocked: isBlocked(plan), changes: hasChanges(plan) }
}

function different(plan: TopicsPlan): CliError {
  const names = plan.topics.filter(({ status }) => status !== 'ok').map(({ name, status }) => `${name} (${status})`)
  const what = [...names, ...plan.problems.map(({ message }) => message)].join(', ')
  return new CliError('MILLRACE_DIFFERENT', `the topics of '${plan.applicationId}' are not what it needs: ${what}`)
}

function blocked(plan: TopicsPlan, consequence: string): CliError {
  const misfits = plan.topics.filter(({ status }) => status === 'missing' || status === 'mismatch')
  const reasons = [
    ...misfits.map(({ name, reason }) => `${name}: ${reason}`),
    ...plan.problems.map((one) => one.message),
  ]
  return new CliError('MILLRACE_PRECONDITION', `${consequence}. ${reasons.join('\n  ')}\n  ${adviceOf(plan)}`)
}

function adviceOf({ topics }: TopicsPlan): string {
  return topics.some(({ status }) => status === 'missing')
    ? 'give --partitions for the topics that do not exist yet, or create them'
    : 'a partition count that is wrong is not changed by millrace: see the reason of each topic'
}

// --- for people -----------------------------------------------------------------------------------------------------

const signs: Readonly<Record<TopicStatus, readonly [string, Style | undefined]>> = {
  ok: ['  ok', 'good'],
  create: ['+ create', 'good'],
  config: ['~ config', 'warning'],
  mismatch: ['! mismatch', 'bad'],
  missing: ['! missing', 'bad'],
}

function planText({ applicationId, topics, problems }: TopicsPlan): string {
  const table = tableText<PlannedTopic>(
    [
      { title: 'STATUS', value: ({ status }) => signs[status][0], style: ({ status }) => signs[status][1] },
      { title: 'TOPIC', value: ({ name }) => name, style: () => 'name', flexible: 'middle', widthMin: 24 },
      { title: 'ROLE', value: ({ roles }) => roles.join(', '), expendable: 2 },
      { title: 'PARTITIONS', value: countText, align: 'right' },
      { title: 'REPLICAS', value: replicasText, align: 'right', expendable: 1 },
      { title: 'WHY', value: ({ reason }) => reason, flexible: true, widthMin: 30, expendable: 3 },
    ],
    topics,
  )
  const details = topics.flatMap(({ name, configChanges, warnings }) => [
    ...configChanges.map(
      (change) => `${styled('warning', '~')} ${name}: ${change.name}: ${change.found ?? '(none)'} -> ${change.wanted}`,
    ),
    ...warnings.map((warning) => `${styled('warning', 'warning')}: ${name}: ${warning}`),
  ])
  const notes = [...details, ...problems.map(({ message }) => `${styled('bad', '!')} ${message}`)]
  const head = `${styled('heading', applicationId)}: ${summaryOf(topics)}\n`
  return `${head}${table === '' ? '' : `\n${table}`}${notes.length === 0 ? '' : `\n${notes.join('\n')}\n`}`
}

function summaryOf(topics: readonly PlannedTopic[]): string {
  const counts = (Object.keys(signs) as TopicStatus[]).flatMap((status) => {
    const count = topics.filter((topic) => topic.status === status).length
    return count === 0 ? [] : [`${count} ${status}`]
  })
  return counts.length === 0 ? 'no topics' : counts.join(', ')
}

function countText({ partitions: { wanted, found } }: PlannedTopic): string {
  if (found === null) return wanted === null ? '?' : String(wanted)
  return wanted === null || wanted === found ? String(found) : `${found} (${wanted})`
}

function replicasText({ replicationFactor: { wanted, found } }: PlannedTopic): string {
  if (found !== null) return String(found)
  return wanted === null ? '' : wanted === -1 ? 'default' : String(wanted)
}

function appliedText({
  created,
  changed,
}: {
  readonly created: readonly string[]
  readonly changed: readonly string[]
}): string {
  const lines = [
    ...created.map((name) => `${styled('good', 'created')} ${name}`),
    ...changed.map((name) => `${styled('good', 'changed')} ${name}`),
  ]
  return lines.length === 0 ? 'nothing to do: all topics are as the application needs them\n' : `${lines.join('\n')}\n`
}
