/** Of the doctor: what the application has on the cluster: its topics, what it may do, its group, its transactions. */
import type { Clock } from '../../common/clock.ts'
import type { AclOperation } from '../../kafka/client/admin-types.ts'
import type { KafkaClient } from '../../kafka/client/kafka-client.ts'
import type { ApplicationShape } from './application-shape.ts'
import { counted } from './counted.ts'
import type { Check, Finding } from './doctor.ts'
import { lagOnCluster } from './lag-on-cluster.ts'
import { topicsPlanOnCluster } from './topics-on-cluster.ts'
import { isBlocked } from './topics-plan.ts'
import type { PlannedTopic, TopicsPlan } from './topics-plan.ts'

export interface ApplicationOptions {
  readonly client: KafkaClient | undefined
  readonly clock: Clock
  readonly applicationId: string | undefined
  /** Undefined: no module was named. */
  readonly application: ApplicationShape | undefined
  readonly isTransactional: boolean
}

/** What the group's members speak (`GroupOptions.protocolName`). */
const ownProtocol = 'millrace'

export function applicationChecks(options: ApplicationOptions): Check[] {
  const { client, application, applicationId } = options
  if (client === undefined) return []
  const needs = ['connection']
  const withModule = (run: (client: KafkaClient, application: ApplicationShape) => Promise<Finding>): Check['run'] =>
    application === undefined
      ? async () => ({ skipped: 'no topology module was named' })
      : () => run(client, application)
  const withId = (run: (client: KafkaClient, applicationId: string) => ReturnType<Check['run']>): Check['run'] =>
    applicationId === undefined
      ? async () => ({ skipped: 'no application was named' })
      : () => run(client, applicationId)
  return [
    { id: 'topics', title: 'topics of the application', needs, run: withModule(topics) },
    { id: 'permissions', title: 'permissions', needs, run: withModule((one, two) => permissions(one, two, options)) },
    { id: 'group', title: 'group of the application', needs, run: withId(group) },
    {
      id: 'transactions',
      title: 'open transactions',
      needs: ['connection', 'group'],
      run: withId((one, id) => transactions(one, id, options).catch(skippedWithoutTopic)),
    },
  ]
}

async function topics(client: KafkaClient, application: ApplicationShape): Promise<Finding> {
  const plan = await topicsPlanOnCluster(client, { application })
  const fix = 'millrace topics plan shows all of them; millrace topics apply makes and changes what it can'
  if (isBlocked(plan)) return { status: 'fail', detail: blocks(plan).join('; '), fix }
  const differing = plan.topics.filter(({ status }) => status === 'config')
  if (differing.length > 0) {
    const detail = differing.map(({ name, reason }) => `${name}: ${reason}`).join('; ')
    return { status: 'warn', detail, fix }
  }
  const warnings = plan.topics.flatMap(({ name, warnings: found }) => found.map((warning) => `${name}: ${warning}`))
  if (warnings.length > 0) return { status: 'warn', detail: warnings.join('; '), fix }
  const count = (status: PlannedTopic['status']): number =>
    plan.topics.filter((topic) => topic.status === status).length
  const made = count('create')
  return { status: 'ok', detail: `${count('ok')} are there${made === 0 ? '' : `, ${made} are made at the start`}` }
}

function blocks({ topics: planned, problems }: TopicsPlan): string[] {
  const misfits = planned.filter(({ status }) => status === 'missing' || status === 'mismatch')
  return [...misfits.map(({ name, reason }) => `${name}: ${reason}`), ...problems.map(({ message }) => message)]
}

const neededOn: Readonly<Record<PlannedTopic['roles'][number], readonly AclOperation[]>> = {
  source: ['Read', 'Describe'],
  global: ['Read', 'Describe'],
  sink: ['Write', 'Describe'],
  'dead-letter': ['Write', 'Describe'],
  // Purged behind the committed offset.
  repartition: ['Read', 'Write', 'Describe', 'Delete'],
  changelog: ['Read', 'Write', 'Describe', 'DescribeConfigs'],
}

async function permissions(
  client: KafkaClient,
  application: ApplicationShape,
  { isTransactional }: ApplicationOptions,
): Promise<Finding> {
  const plan = await topicsPlanOnCluster(client, { application })
  const { permissions: allowed } = client.admin
  const onTopics = await allowed.topics(plan.topics.map(({ name }) => name))
  const lacking: string[] = []
  for (const { name, roles } of plan.topics) {
    const found = onTopics.get(name)
    if (found === undefined) continue
    const missing = [...new Set(roles.flatMap((role) => neededOn[role]))].filter((operation) => !found.has(operation))
    lacking.push(...missing.map((operation) => `--operation ${operation} --topic ${name}`))
  }
  const { applicationId } = application
  const onGroup = await allowed.group(applicationId)
  if (onGroup !== undefined && !onGroup.has('Read')) lacking.push(`--operation Read --group ${applicationId}`)
  const unmade = plan.topics.filter(({ status, isInternal }) => status === 'create' && isInternal)
  if (unmade.length > 0 && !(await mayCreate(client, unmade))) {
    lacking.push(`--operation Create --topic ${applicationId}- --resource-pattern-type prefixed`)
  }
  if (isTransactional && !(await mayTransact(client, applicationId))) {
    lacking.push(`--operation Write --transactional-id ${applicationId}- --resource-pattern-type prefixed`)
  }
  if (lacking.length === 0)
    return {
      status: 'ok',
      detail: `all that can be asked for is allowed on ${counted(plan.topics.length, 'topic')} and the group`,
    }
  return {
    status: 'fail',
    detail: `the principal lacks ${counted(lacking.length, 'ACL')}: ${lacking.map((one) => one.replaceAll('--', '')).join('; ')}`,
    fix: lacking.map((one) => `kafka-acls.sh --add --allow-principal User:<name> ${one}`).join('; '),
  }
}

async function mayCreate(client: KafkaClient, unmade: readonly PlannedTopic[]): Promise<boolean> {
  const wanted = unmade.map(({ name, partitions, config }) => ({
    name,
    partitions: partitions.wanted ?? -1,
    replicationFactor: -1,
    config,
  }))
  return isAllowed(client.admin.createTopics(wanted, { validateOnly: true }))
}

/** The right to write to a transactional id includes that to describe it, and only that can be asked for. */
function mayTransact(client: KafkaClient, applicationId: string): Promise<boolean> {
  return isAllowed(client.admin.transactions.describe([`${applicationId}-doctor`]))
}

async function isAllowed(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'MILLRACE_KAFKA_AUTHORIZATION') return false
    throw error
  }
}

async function group(client: KafkaClient, applicationId: string): Promise<Finding> {
  const found = (await client.admin.groups.describe([applicationId])).get(applicationId)
  if (found === undefined)
    return {
      status: 'ok',
      detail: `'${applicationId}' is not there yet: it has never run, or its offsets have expired`,
    }
  const { state, protocol, protocolType, members } = found
  const detail = `'${applicationId}' is ${state}, with ${counted(members.length, 'member')}`
  if (members.length > 0 && protocol !== '' && protocol !== ownProtocol) {
    const hosts = members.map(({ clientId, host }) => `${clientId} at ${host}`).join(', ')
    return {
      status: 'fail',
      detail: `${detail} that speak '${protocol}' (${protocolType}): ${hosts}. An application of another kind has this id`,
      fix: 'stop it, or give this application an id of its own',
    }
  }
  if (state === 'PreparingRebalance' || state === 'CompletingRebalance') {
    return {
      status: 'warn',
      detail,
      fix: 'wait for the rebalance; where it never ends, a member joins again and again: look at its log',
    }
  }
  return { status: 'ok', detail }
}

/** The check of the topics has said that. */
function skippedWithoutTopic(error: unknown): { readonly skipped: string } {
  if ((error as { readonly code?: unknown }).code !== 'MILLRACE_SOURCE_TOPIC_MISSING') throw error
  return { skipped: 'an input topic does not exist' }
}

async function transactions(
  client: KafkaClient,
  applicationId: string,
  { clock, application }: ApplicationOptions,
): Promise<Finding> {
  const lag = await lagOnCluster({ client, clock, applicationId, application })
  const stuck = lag.transactions.filter(({ verdict }) => verdict !== 'open')
  if (stuck.length > 0) {
    const words = stuck.map(
      ({ verdict, producerId, transactionalId, partitions }) =>
        `${verdict}: producer ${producerId} (${transactionalId ?? 'no coordinator knows it'}) in ${partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(', ')}`,
    )
    return {
      status: 'fail',
      detail: `records behind these are not read: ${words.join('; ')}`,
      fix: 'kafka-transactions.sh abort --topic <topic> --partition <n> --start-offset <offset>, once its producer is known to be gone',
    }
  }
  const [warning] = lag.warnings
  if (warning !== undefined)
    return { status: 'warn', detail: warning, fix: 'grant Read on the topics and Describe on the transactional ids' }
  return { status: 'ok', detail: `${lag.transactions.length} are open, none of them too long` }
}
