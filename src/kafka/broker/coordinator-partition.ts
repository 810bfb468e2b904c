/** The internal topics that a real cluster keeps its coordinators' state in; here only their partitions' leaders matter. */
export const offsetsTopic = '__consumer_offsets'
export const transactionsTopic = '__transaction_state'
export const coordinatorPartitions = 50

/** The partition whose leader coordinates a group or a transactional id: Java's hash of the string, made positive. */
export function coordinatorPartition(key: string): number {
  let hash = 0
  for (let index = 0; index < key.length; index++) hash = (Math.imul(hash, 31) + key.charCodeAt(index)) | 0
  return (hash & 0x7fffffff) % coordinatorPartitions
}
