/** Which topics are an application's own, told by their names alone: StreamsResetter.java's rule, and what it overlooks. */

/** Behind the application id, as generated and given names end; foreign-key joins have topics of names of their own. */
const forms: readonly RegExp[] = [
  /^.+-changelog$/,
  /^.+-repartition$/,
  /^.+-subscription-registration-topic$/,
  /^.+-subscription-response-topic$/,
  /^(?:.+-)?KTABLE-FK-JOIN-SUBSCRIPTION-(?:REGISTRATION|RESPONSE)-\d+-topic$/,
]

export function looksInternal(topic: string, applicationId: string): boolean {
  const prefix = `${applicationId}-`
  return topic.startsWith(prefix) && forms.some((form) => form.test(topic.slice(prefix.length)))
}

/**
 * Another application whose id begins with this one's, and whose topic it is by the same rule: `orders-eu` beside
 * `orders`. Java's tool would delete it.
 */
export function otherOwner(topic: string, applicationId: string, groupIds: readonly string[]): string | undefined {
  return groupIds
    .filter((groupId) => groupId.length > applicationId.length && looksInternal(topic, groupId))
    .toSorted((a, b) => b.length - a.length)[0]
}

/** The other way round: whose id begins this one's, so that the topic may be of one of its stores. */
export function shorterOwner(topic: string, applicationId: string, groupIds: readonly string[]): string | undefined {
  return groupIds.find((groupId) => applicationId.startsWith(`${groupId}-`) && looksInternal(topic, groupId))
}
