/**
 * What members tell the leader (subscription) and the leader tells members (assignment), inside the standard
 * ConsumerProtocol envelope. JSON with a version: it is small, sent at rebalances only, and readable in a dump. A reader
 * ignores fields that it does not know; a change that an older reader would misread raises the version.
 */
export interface SubscriptionInfo {
  readonly version: number
  readonly processId: string
  /** Transactional id of the thread: who takes over a task fences its last owner by it. */
  readonly transactionalId: string | undefined
  /** When the process started, in milliseconds; the oldest wins where two topologies meet. */
  readonly startedAtMs: number
  readonly topologyFingerprint: string
  /** Active tasks that this member owns now, state included. */
  readonly tasks: readonly string[]
}

export interface AssignmentInfo {
  readonly version: number
  readonly activeTasks: readonly string[]
  /** Set when the member must not run: the code and message of the error that it stops with. */
  readonly error?: { readonly code: string; readonly message: string; readonly topic?: string } | undefined
}

const currentVersion = 1

export function encodeSubscription(info: Omit<SubscriptionInfo, 'version'>): Buffer {
  return Buffer.from(JSON.stringify({ version: currentVersion, ...info }))
}

/** Undefined for a member that is not ours (another tool in the group, a newer incompatible version). */
export function decodeSubscription(bytes: Buffer | undefined): SubscriptionInfo | undefined {
  const data = parse(bytes)
  if (data === undefined || data['version'] !== currentVersion || !isStrings(data['tasks'])) return undefined
  return data as unknown as SubscriptionInfo
}

export function encodeAssignment(info: Omit<AssignmentInfo, 'version'>): Buffer {
  return Buffer.from(JSON.stringify({ version: currentVersion, ...info }))
}

export function decodeAssignment(bytes: Buffer | undefined): AssignmentInfo | undefined {
  const data = parse(bytes)
  if (data === undefined || data['version'] !== currentVersion || !isStrings(data['activeTasks'])) return undefined
  return data as unknown as AssignmentInfo
}

function parse(bytes: Buffer | undefined): Record<string, unknown> | undefined {
  if (bytes === undefined) return undefined
  try {
    const data: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
