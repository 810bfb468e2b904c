/**
 * From the error code in a broker's answer to the error with the reaction. What a code means can depend on the request;
 * this is the meaning it has everywhere else, and those who know better say so before they ask here.
 */
import { KafkaError } from '../../errors/kafka-error.ts'
import type { KafkaErrorCode, KafkaErrorOptions } from '../../errors/kafka-error.ts'
import type { Reaction } from '../../errors/streams-error.ts'
import { errorCodes, errorName, isRetriable } from '../protocol/error-codes.ts'

interface Meaning {
  readonly code: KafkaErrorCode
  readonly reaction: Reaction
  readonly advice: string
}

const notAuthorized: Meaning = { code: 'MILLRACE_KAFKA_AUTHORIZATION', reaction: 'fatal', advice: '' }
const memberFenced: Meaning = {
  code: 'MILLRACE_MEMBER_FENCED',
  reaction: 'member-fenced',
  advice: 'The member missed a rebalance or its session; its partitions may be processed by another.',
}
const producerFenced: Meaning = {
  code: 'MILLRACE_PRODUCER_FENCED',
  reaction: 'producer-fenced',
  advice: 'A newer producer uses the transactional id, or the transaction exceeded its time-out.',
}
const abortable: Meaning = {
  code: 'MILLRACE_TRANSACTION_ABORTABLE',
  reaction: 'abortable',
  advice: 'The transaction is aborted and its records are processed again.',
}
const groupUnusable = (advice: string): Meaning => ({ code: 'MILLRACE_GROUP_UNUSABLE', reaction: 'fatal', advice })

const meanings: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [errorCodes.TOPIC_AUTHORIZATION_FAILED, notAuthorized],
  [errorCodes.GROUP_AUTHORIZATION_FAILED, notAuthorized],
  [errorCodes.CLUSTER_AUTHORIZATION_FAILED, notAuthorized],
  [errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, notAuthorized],
  [errorCodes.ILLEGAL_GENERATION, memberFenced],
  [errorCodes.UNKNOWN_MEMBER_ID, memberFenced],
  [errorCodes.FENCED_INSTANCE_ID, memberFenced],
  [errorCodes.INVALID_PRODUCER_EPOCH, producerFenced],
  [errorCodes.PRODUCER_FENCED, producerFenced],
  [errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER, abortable],
  [errorCodes.UNKNOWN_PRODUCER_ID, abortable],
  [errorCodes.INVALID_PRODUCER_ID_MAPPING, abortable],
  [errorCodes.INVALID_TXN_STATE, abortable],
  [errorCodes.TRANSACTION_ABORTABLE, abortable],
  [
    errorCodes.UNSUPPORTED_VERSION,
    { code: 'MILLRACE_KAFKA_VERSION', reaction: 'fatal', advice: 'The broker is too old for this request.' },
  ],
  [
    errorCodes.OFFSET_OUT_OF_RANGE,
    {
      code: 'MILLRACE_OFFSET_OUT_OF_RANGE',
      reaction: 'offset-out-of-range',
      advice: 'Retention removed the records, or the topic was made anew.',
    },
  ],
  [
    errorCodes.MESSAGE_TOO_LARGE,
    { code: 'MILLRACE_RECORD_REFUSED', reaction: 'fatal', advice: 'Raise max.message.bytes of the topic.' },
  ],
  [
    errorCodes.INVALID_RECORD,
    { code: 'MILLRACE_RECORD_REFUSED', reaction: 'fatal', advice: 'A compacted topic admits no record without a key.' },
  ],
  [
    errorCodes.INVALID_TIMESTAMP,
    { code: 'MILLRACE_RECORD_REFUSED', reaction: 'fatal', advice: 'See message.timestamp.*.max.ms of the topic.' },
  ],
  [
    errorCodes.INCONSISTENT_GROUP_PROTOCOL,
    groupUnusable(
      'Other members of the group speak another protocol: stop the application that they belong to, or use another application id.',
    ),
  ],
  [errorCodes.GROUP_MAX_SIZE_REACHED, groupUnusable('See group.max.size of the broker.')],
  [errorCodes.INVALID_SESSION_TIMEOUT, groupUnusable('See group.min/max.session.timeout.ms of the broker.')],
  [errorCodes.UNRELEASED_INSTANCE_ID, groupUnusable('Another member uses the same instance id.')],
])

type ResourceKind = 'topic' | 'group' | 'transactionalId' | 'cluster'

export interface FaultSubject extends Pick<KafkaErrorOptions, 'topic' | 'partition' | 'offset' | 'cause'> {
  /** What was tried: "committing offsets of group orders". */
  readonly what: string
  readonly groupId?: string | undefined
  readonly transactionalId?: string | undefined
  /** The operation that the principal must be allowed on each kind of resource, for when it is refused. */
  readonly needs?: Partial<Readonly<Record<ResourceKind, string>>>
  /** The broker's own words. */
  readonly message?: string | null
}

export function kafkaFault(kafkaCode: number, subject: FaultSubject): KafkaError {
  const { what, message, topic, partition, offset, cause } = subject
  const options = {
    kafkaCode,
    ...(cause !== undefined && { cause }),
    ...(topic !== undefined && { topic }),
    ...(partition !== undefined && { partition }),
    ...(offset !== undefined && { offset }),
  }
  const meaning = meanings.get(kafkaCode)
  const words = message === undefined || message === null || message === '' ? '' : ` (${message})`
  const text = `${what}: the broker answered ${errorName(kafkaCode)}${words}.`
  if (meaning !== undefined) {
    const advice = meaning === notAuthorized ? aclAdvice(kafkaCode, subject) : meaning.advice
    return new KafkaError(meaning.code, `${text} ${advice}`, { ...options, reaction: meaning.reaction })
  }
  const reaction = isRetriable(kafkaCode) ? 'retriable' : 'fatal'
  return new KafkaError('MILLRACE_KAFKA_REQUEST_FAILED', text, { ...options, reaction })
}

const refusedResources: ReadonlyMap<number, readonly [ResourceKind, string, string]> = new Map([
  [errorCodes.TOPIC_AUTHORIZATION_FAILED, ['topic', 'topic', '--topic']],
  [errorCodes.GROUP_AUTHORIZATION_FAILED, ['group', 'group', '--group']],
  [errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, ['transactionalId', 'transactional id', '--transactional-id']],
  [errorCodes.CLUSTER_AUTHORIZATION_FAILED, ['cluster', 'cluster', '--cluster']],
] as const)

/** Which resource was refused, what is needed on it, and the command that grants it. */
function aclAdvice(kafkaCode: number, { topic, groupId, transactionalId, needs = {} }: FaultSubject): string {
  const [kind, words, flag] = refusedResources.get(kafkaCode) ?? (['cluster', 'cluster', '--cluster'] as const)
  const name = { topic, group: groupId, transactionalId, cluster: undefined }[kind]
  const resource = name === undefined ? `the ${words}` : `the ${words} '${name}'`
  const operation = needs[kind]
  if (operation === undefined) return `The principal lacks an ACL on ${resource}.`
  const target = kind === 'cluster' ? flag : `${flag} ${name === undefined ? `<${words}>` : name}`
  return (
    `The principal lacks the operation ${operation} on ${resource}; grant it with: ` +
    `kafka-acls.sh --add --allow-principal User:<name> --operation ${operation} ${target}`
  )
}

export function throwOnError(kafkaCode: number, subject: FaultSubject): void {
  if (kafkaCode !== errorCodes.NONE) throw kafkaFault(kafkaCode, subject)
}

/** The broker's code that `error` stands for; undefined where it does not come from an answer. */
export function kafkaCodeOf(error: unknown): number | undefined {
  return error instanceof KafkaError ? error.kafkaCode : undefined
}
