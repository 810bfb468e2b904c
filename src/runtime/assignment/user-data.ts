/**
 * What members tell the leader (subscription) and the leader tells members (assignment), inside the standard
 * ConsumerProtocol envelope. JSON with a version: it is sent at rebalances only, and readable in a dump. A reader
 * ignores fields that it does not know and takes the default for one that is absent; a change that an older reader
 * would misread raises the version. What arrives is checked and never trusted: bytes of another tool or of another
 * version are "not ours", never an exception.
 *
 * All members' user data of one generation must fit into one record of `__consumer_offsets` (1 MB by default), and the
 * map of owners is in all of them, so transactional ids are written once and referred to by number.
 */
export interface SubscriptionInfo {
  readonly version: number
  /** The same for everybody who ever held the member's slot. */
  readonly processId: string
  /** Of one start of a process; empty where it was not told. */
  readonly startId: string
  /** When the process started, in milliseconds; the oldest wins where two topologies meet. */
  readonly startedAtMs: number
  /** Transactional id of the thread: who takes over a task fences its last owner by it. */
  readonly transactionalId: string | undefined
  readonly host: string
  /** Of its slot; undefined for a process that keeps nothing on disk. */
  readonly directory: string | undefined
  /** Start ids of those who held the slot before and left something behind. */
  readonly replaces: readonly string[]
  /** `host:port` of its status server, for tools; absent where it has none. */
  readonly http?: string | undefined
  readonly topologyFingerprint: string
  /**
   * Active tasks that this member owns now, state included. Not a task whose last owners it was told to fence and has
   * not fenced yet: with this report the leader forgets them.
   */
  readonly tasks: readonly string[]
  /** Tasks that it does not own and has state of on its disk. */
  readonly localTasks: readonly string[]
  /** The newest map that it was told, and its version; see `task-owners.ts`. */
  readonly owners: TaskOwners
  readonly ownersVersion: number
}

export interface AssignmentInfo {
  readonly version: number
  readonly activeTasks: readonly string[]
  /** Task to the transactional ids that may hold a transaction open over it. A member keeps the newest version. */
  readonly owners: TaskOwners
  readonly ownersVersion: number
  /** Transactional ids that this member must fence before it runs or reports a task that is new to it. */
  readonly fence: readonly string[]
  /** Another member that claims to be this one; what to do about it says `isPredecessor` in `duplicates.ts`. */
  readonly conflict?: ConflictingMember | undefined
  /** Set when the member must not run: the code and message of the error that it stops with. */
  readonly error?: AssignmentError | undefined
}

export type TaskOwners = Readonly<Record<string, readonly string[]>>

export interface ConflictingMember {
  readonly memberId: string
  readonly startId: string
  readonly transactionalId: string | undefined
  readonly host: string
  readonly directory: string | undefined
}

export interface AssignmentError {
  readonly code: string
  readonly message: string
  readonly topic?: string | undefined
}

const currentVersion = 1

export function encodeSubscription(info: Omit<SubscriptionInfo, 'version'>): Buffer {
  return encode({ ...info, owners: packOwners(info.owners) })
}

/** Undefined for a member that is not ours (another tool in the group, an incompatible version). */
export function decodeSubscription(bytes: Buffer | undefined): SubscriptionInfo | undefined {
  const data = parse(bytes)
  if (data?.['version'] !== currentVersion) return undefined
  const { processId, transactionalId, directory, topologyFingerprint } = data
  const { startId = '', startedAtMs, host = '', ownersVersion = 0 } = data
  const { replaces = [], tasks, localTasks = [], http } = data
  const owners = unpackOwners(data['owners'])
  if (!isString(processId) || !isString(startId) || !isString(host) || !isString(topologyFingerprint)) return undefined
  if (!isOptionalString(transactionalId) || !isOptionalString(directory)) return undefined
  if (!isStrings(replaces) || !isStrings(tasks) || !isStrings(localTasks)) return undefined
  if (!isCount(startedAtMs) || !isCount(ownersVersion) || owners === undefined) return undefined
  return {
    version: currentVersion,
    processId,
    startId,
    startedAtMs,
    transactionalId,
    host,
    directory,
    replaces,
    // Only tools read it: what is none is no reason to refuse a member.
    http: isString(http) ? http : undefined,
    topologyFingerprint,
    tasks,
    localTasks,
    owners,
    ownersVersion,
  }
}

export function encodeAssignment(info: Omit<AssignmentInfo, 'version'>): Buffer {
  return encode({ ...info, owners: packOwners(info.owners) })
}

export function decodeAssignment(bytes: Buffer | undefined): AssignmentInfo | undefined {
  const data = parse(bytes)
  if (data?.['version'] !== currentVersion) return undefined
  const { activeTasks, fence = [], ownersVersion = 0, conflict, error } = data
  const owners = unpackOwners(data['owners'])
  if (!isStrings(activeTasks) || !isStrings(fence) || !isCount(ownersVersion) || owners === undefined) return undefined
  if (conflict !== undefined && !isConflict(conflict)) return undefined
  if (error !== undefined && !isError(error)) return undefined
  return { version: currentVersion, activeTasks, owners, ownersVersion, fence, conflict, error }
}

/** Of bytes that cannot be read otherwise: the version that they carry, undefined where they are not ours at all. */
export function userDataVersion(bytes: Buffer | undefined): number | undefined {
  const version = parse(bytes)?.['version']
  return typeof version === 'number' ? version : undefined
}

function encode(info: object): Buffer {
  return Buffer.from(JSON.stringify({ version: currentVersion, ...info }))
}

function parse(bytes: Buffer | undefined): Record<string, unknown> | undefined {
  if (bytes === undefined) return undefined
  try {
    const data: unknown = JSON.parse(bytes.toString('utf8'))
    return isObject(data) ? data : undefined
  } catch {
    return undefined
  }
}

interface PackedOwners {
  readonly ids: readonly string[]
  /** Task to places in `ids`. */
  readonly tasks: Readonly<Record<string, readonly number[]>>
}

function packOwners(owners: TaskOwners): PackedOwners {
  const places = new Map<string, number>()
  const place = (id: string): number => {
    const known = places.get(id) ?? places.size
    places.set(id, known)
    return known
  }
  const tasks = Object.fromEntries(Object.entries(owners).map(([task, ids]) => [task, ids.map(place)]))
  return { ids: [...places.keys()], tasks }
}

function unpackOwners(packed: unknown = { ids: [], tasks: {} }): TaskOwners | undefined {
  if (!isObject(packed) || !isStrings(packed['ids']) || !isObject(packed['tasks'])) return undefined
  const ids = packed['ids']
  const owners: [string, readonly string[]][] = []
  for (const [task, places] of Object.entries(packed['tasks'])) {
    const named = Array.isArray(places) ? places.map((place: unknown) => ids[Number(place)]) : undefined
    if (!isStrings(named)) return undefined
    owners.push([task, named])
  }
  return Object.fromEntries(owners)
}

function isConflict(value: unknown): value is ConflictingMember {
  if (!isObject(value)) return false
  const { memberId, startId, transactionalId, host, directory } = value
  return (
    isString(memberId) &&
    isString(startId) &&
    isString(host) &&
    isOptionalString(transactionalId) &&
    isOptionalString(directory)
  )
}

function isError(value: unknown): value is AssignmentError {
  return isObject(value) && isString(value['code']) && isString(value['message']) && isOptionalString(value['topic'])
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}

function isOptionalString(value: unknown): value is string | undefined {
  return value === undefined || isString(value)
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isString)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
