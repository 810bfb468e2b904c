/** Kafka's rule for the names of topics (Topic.java). A broker refuses the whole question where one name breaks it. */
export const topicNameMaxLength = 249

export function isTopicName(name: string): boolean {
  return /^[A-Za-z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..'
}
