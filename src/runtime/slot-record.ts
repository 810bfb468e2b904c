/**
 * `slot.json`: who a slot is to the group, and what its holders left behind that nobody has ended yet. It is written
 * beside itself, synced and renamed, so that a crash leaves the old or the new one. Nothing else may write it, and only
 * the holder of the slot's lock does.
 */
import path from 'node:path'
import type { FileSystem } from '../common/file-system.ts'
import type { Logger } from '../common/logger.ts'
import type { SlotRecord } from './state-slot.ts'

export interface SlotContents {
  readonly processId: string
  /** The Kafka cluster that the state belongs to; undefined where no holder was told one. */
  readonly clusterId?: string | undefined
  /** The last one last. */
  readonly holders: readonly SlotRecord[]
}

/**
 * More than this many starts that ended nothing of their predecessors' are a crash loop. The oldest are forgotten: their
 * sessions and transactions have ended by time-out, or their transactional ids are those of the later ones.
 */
export const maxHolders = 16

const fileName = 'slot.json'
const format = 1
const maxFileBytes = 1024 * 1024
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/

/** Undefined where there is none, and where it was damaged: then it is kept aside under another name. */
export async function readSlotFile(
  fileSystem: FileSystem,
  directory: string,
  logger: Logger,
): Promise<SlotContents | undefined> {
  const found = await readText(fileSystem, path.join(directory, fileName))
  if (found === undefined) return undefined
  const contents = found.text === undefined ? undefined : parse(found.text)
  if (contents !== undefined) return contents
  const aside = await keepAside(fileSystem, directory)
  logger.warn(
    { directory, found: found.problem ?? 'not what this version writes', aside },
    `${fileName} is damaged; it was kept as ${path.basename(aside)} and this instance takes a new process id. State is ` +
      `not affected; what the last process left open ends by time-out`,
  )
  return undefined
}

export async function writeSlotFile(fileSystem: FileSystem, directory: string, contents: SlotContents): Promise<void> {
  const fresh = path.join(directory, `${fileName}.new`)
  const file = await fileSystem.open(fresh, 'replace')
  try {
    await file.append([Buffer.from(`${JSON.stringify({ format, ...contents }, undefined, 2)}\n`)])
    await file.sync()
  } finally {
    await file.close()
  }
  await fileSystem.rename(fresh, path.join(directory, fileName))
}

interface Found {
  readonly text?: string
  readonly problem?: string
}

async function readText(fileSystem: FileSystem, file: string): Promise<Found | undefined> {
  try {
    const open = await fileSystem.open(file, 'read')
    if (open === undefined) return undefined
    try {
      if (open.size > maxFileBytes) return { problem: `${open.size} bytes` }
      return { text: (await open.read(0, open.size)).toString() }
    } finally {
      await open.close()
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    // A disk that cannot read it, or a directory in its place. Anything else concerns more than this file.
    if (code === 'EIO' || code === 'EISDIR') return { problem: message }
    throw error
  }
}

async function keepAside(fileSystem: FileSystem, directory: string): Promise<string> {
  const numbers = (await fileSystem.list(directory)).map((name) => /^slot\.json\.damaged-(\d{1,9})$/.exec(name)?.[1])
  const highest = numbers.reduce((max, digits) => Math.max(max, Number(digits ?? 0)), 0)
  const aside = path.join(directory, `${fileName}.damaged-${highest + 1}`)
  await fileSystem.rename(path.join(directory, fileName), aside)
  return aside
}

function parse(text: string): SlotContents | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(value) || value['format'] !== format) return undefined
  const { processId, clusterId, holders } = value
  if (typeof processId !== 'string' || !uuid.test(processId)) return undefined
  if (clusterId !== undefined && typeof clusterId !== 'string') return undefined
  return Array.isArray(holders) && holders.every(isRecord) ? { processId, clusterId, holders } : undefined
}

function isRecord(value: unknown): value is SlotRecord {
  return (
    isObject(value) &&
    typeof value['startId'] === 'string' &&
    typeof value['startedAtMs'] === 'number' &&
    typeof value['host'] === 'string' &&
    isTexts(value['transactionalIds']) &&
    isTexts(value['memberIds']) &&
    isOwners(value['owners'])
  )
}

function isOwners(value: unknown): boolean {
  if (value === undefined) return true
  if (!isObject(value) || !Number.isSafeInteger(value['version']) || !isObject(value['tasks'])) return false
  return Object.values(value['tasks']).every(isTexts)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
