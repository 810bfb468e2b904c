import { consumerProtocolSubscription } from '../protocol/messages/consumer-protocol.ts'
import { decodeVersioned } from '../protocol/versioned.ts'
import { asBuffer } from '../../common/bytes.ts'
import { ProtocolError } from '../../errors/protocol-error.ts'
import type { ClassicGroup } from './classic-group.ts'
import { Refusal } from './refusal.ts'

/**
 * The topics whose offsets must not be deleted because members of the group read them: the one place where a broker looks
 * into what members tell each other. 'all' when a member's subscription is none that can be read.
 */
export function subscribedTopics(group: ClassicGroup): ReadonlySet<string> | 'all' {
  const topics = new Set<string>()
  if (group.state === 'Empty' || group.state === 'Dead') return topics
  if (group.protocolType !== 'consumer') throw new Refusal('NON_EMPTY_GROUP')
  for (const member of group.members) {
    try {
      const metadata = asBuffer(member.protocols[0]?.metadata ?? Buffer.alloc(0))
      for (const topic of decodeVersioned(consumerProtocolSubscription, metadata).topics) topics.add(topic)
    } catch (error) {
      if (error instanceof ProtocolError) return 'all'
      throw error
    }
  }
  return topics
}
