/** What a member of a group does that takes part and processes nothing. */
import type { GroupHandler } from '../../src/kafka/client/kafka-client.ts'

export function takesNothing(topic: string): GroupHandler {
  return {
    subscription: () => ({ topics: [topic], ownedPartitions: [], userData: undefined }),
    assign: async (all) => all.map(({ memberId }) => ({ memberId, partitions: [], userData: undefined })),
    onPrepareJoin: async () => undefined,
    onAssigned: async () => undefined,
    onLost: async () => undefined,
    onFatal: (error) => {
      throw error
    },
  }
}
