/** The embedded broker has no ACLs: everybody may do everything that a kind of resource knows (KIP-430, AclEntry.java). */
const operations = {
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12,
} as const

function bitsOf(...names: readonly (keyof typeof operations)[]): number {
  return names.reduce((bits, name) => bits | (1 << operations[name]), 0)
}

export const topicOperations: number = bitsOf(
  'read',
  'write',
  'create',
  'delete',
  'alter',
  'describe',
  'describeConfigs',
  'alterConfigs',
)

export const groupOperations: number = bitsOf('read', 'delete', 'describe', 'describeConfigs', 'alterConfigs')

export const clusterOperations: number = bitsOf(
  'create',
  'alter',
  'describe',
  'clusterAction',
  'describeConfigs',
  'alterConfigs',
  'idempotentWrite',
)
