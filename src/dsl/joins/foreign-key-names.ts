/** The names around a foreign-key join, in the order in which Java numbers them (KTableImpl.doJoinOnForeignKey). */
import type { DslBuilder } from '../dsl-builder.ts'

const topicSuffix = '-topic'
const registration = 'KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-'
const processor = 'KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-'
const resolver = 'KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-'

/** The base of the result's name, and of its store's. */
export const outputPrefix = 'KTABLE-FK-JOIN-OUTPUT-'

export interface ForeignKeyNames {
  /** Topics without the application id. */
  readonly subscriptionTopic: string
  readonly send: string
  readonly subscriptionSink: string
  readonly subscriptionSource: string
  readonly store: string
  readonly receive: string
  readonly join: string
  readonly foreignJoin: string
  readonly responseTopic: string
  readonly responseSink: string
  readonly responseSource: string
  readonly resolver: string
  readonly result: string
}

export function foreignKeyNames(dsl: DslBuilder, given: string | undefined): ForeignKeyNames {
  const name = (prefix: string, suffix: string): string => dsl.nodeName(prefix, given, suffix)
  const names = {
    subscriptionTopic: name(registration, '-subscription-registration') + topicSuffix,
    send: name(registration, '-subscription-registration-processor'),
    subscriptionSink: name('KTABLE-SINK-', '-subscription-registration-sink'),
    subscriptionSource: name('KTABLE-SOURCE-', '-subscription-registration-source'),
    store: name('KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-', '-subscription-store'),
    receive: name(processor, '-subscription-receive'),
    join: name(processor, '-subscription-join-foreign'),
    foreignJoin: name(processor, '-foreign-join-subscription'),
    responseTopic: name('KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-', '-subscription-response') + topicSuffix,
    responseSink: name('KTABLE-SINK-', '-subscription-response-sink'),
    responseSource: name('KTABLE-SOURCE-', '-subscription-response-source'),
    resolver: name(resolver, '-subscription-response-resolver'),
    result: name(outputPrefix, '-result'),
  }
  if (given === undefined) noteGeneratedNames(dsl, names)
  return names
}

/** differs from Java (#foreign-key-names), which asks for a name of the result's store only with explicit `naming`. */
function noteGeneratedNames({ generated, shape }: DslBuilder, { store }: ForeignKeyNames): void {
  if (shape.compatibility === 'java') return
  generated.stores.push(store)
  generated.changelogs.push(`${store}-changelog`)
}
