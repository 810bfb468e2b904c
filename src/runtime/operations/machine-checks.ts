/** Of the doctor: the process and the machine, for which no Kafka is needed. */
import { constants } from 'node:fs'
import { access, mkdtemp, readdir, rmdir, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { getHeapStatistics } from 'node:v8'
import { isCrc32cNative } from '../../common/crc32c.ts'
import type { FileSystem } from '../../common/file-system.ts'
import { availableMemoryBytes } from '../../common/memory.ts'
import { counted } from './counted.ts'
import { localState } from './local-state.ts'
import type { Check, Finding } from './doctor.ts'

export interface MachineOptions {
  /** As `process.versions.node`. */
  readonly nodeVersion: string
  readonly stateDir: string
  /** Whether somebody has configured it: the default is for trying things out. */
  readonly isStateDirGiven: boolean
  readonly applicationId: string | undefined
  /** Of the configured buffers and caches together. */
  readonly budgetBytes: number
  readonly fileSystem: FileSystem
}

export function machineChecks(options: MachineOptions): Check[] {
  return [
    { id: 'node', title: 'Node.js', run: async () => nodeVersion(options.nodeVersion) },
    { id: 'memory', title: 'memory of the process', run: async () => memory(options.budgetBytes) },
    { id: 'crc32c', title: 'native checksums', run: async () => checksums() },
    { id: 'state-dir', title: 'state directory', run: () => stateDirectory(options) },
    { id: 'local-state', title: 'state on this machine', needs: ['state-dir'], run: () => stateHere(options) },
  ]
}

const oldestNode = { major: 22, minor: 19 } as const

function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < oldestNode.major || (major === oldestNode.major && minor < oldestNode.minor)
  const needed = `${oldestNode.major}.${oldestNode.minor}`
  if (isOld) return { status: 'fail', detail: `Node ${version}; ${needed} is needed`, fix: 'install Node 24' }
  if (major % 2 === 1) {
    return {
      status: 'warn',
      detail: `Node ${version} is not a long-term version`,
      fix: 'use one with an even number: 22 or 24',
    }
  }
  return { status: 'ok', detail: `Node ${version}` }
}

const mib = 1024 * 1024
/** Buffers and the state of stores are outside of the heap. */
const heapShareMax = 0.85
const budgetShareMax = 0.5

function memory(budgetBytes: number): Finding {
  const available = availableMemoryBytes()
  const heapMax = getHeapStatistics().heap_size_limit
  const detail = `heap up to ${Math.round(heapMax / mib)} MiB of ${Math.round(available / mib)} MiB`
  if (budgetBytes > available * budgetShareMax) {
    return {
      status: 'warn',
      detail: `${detail}; cacheMaxBytes, uncommittedMaxBytes and inputBufferMaxBytes are ${Math.round(budgetBytes / mib)} MiB together`,
      fix: 'lower them, or give the process more memory',
    }
  }
  if (heapMax <= available * heapShareMax) return { status: 'ok', detail }
  const wanted = Math.floor((available * 0.6) / mib)
  return {
    status: 'warn',
    detail: `${detail}: buffers and state are outside of the heap, so the kernel may end the process before Node collects`,
    fix: `set NODE_OPTIONS=--max-old-space-size=${wanted}, or give the container more memory`,
  }
}

function checksums(): Finding {
  if (isCrc32cNative) return { status: 'ok', detail: '@node-rs/crc32 is loaded' }
  return {
    status: 'warn',
    detail: 'the optional package @node-rs/crc32 is not there, WebAssembly does its work: right, and slower',
    fix: 'npm install without --omit=optional, on a platform that it has a binary for',
  }
}

/** By their magic numbers (statfs(2)). */
const fileSystems: ReadonlyMap<number, { readonly name: string; readonly trouble: string | undefined }> = new Map([
  [
    0x0102_1994,
    { name: 'tmpfs', trouble: 'it is memory: its files count as memory of the container, and are gone with it' },
  ],
  [0x8584_58f6, { name: 'ramfs', trouble: 'it is memory: its files are gone with the machine' }],
  [0x794c_7630, { name: 'overlay', trouble: 'it is the layer of a container: its files are gone with the container' }],
  [0x6969, { name: 'nfs', trouble: 'network file systems often have no local sockets, which slots are locked with' }],
  [
    0xff53_4d42,
    { name: 'cifs', trouble: 'network file systems often have no local sockets, which slots are locked with' },
  ],
  [0x6573_5546, { name: 'fuse', trouble: 'shared folders often have no local sockets, which slots are locked with' }],
])

const bytesMin = 1024 * mib

async function stateDirectory({
  stateDir,
  isStateDirGiven,
}: MachineOptions): Promise<Finding | { readonly skipped: string }> {
  const existing = await nearestExisting(path.resolve(stateDir))
  const problem = await notWritable(existing)
  if (problem !== undefined) {
    return {
      status: 'fail',
      detail: `${existing} cannot be written: ${problem}`,
      fix: `give the process's user the right to write there, or set stateDir (now ${stateDir})`,
    }
  }
  const { type, bavail, bsize, blocks } = await statfs(existing)
  const freeBytes = bavail * bsize
  const kind = fileSystems.get(type)
  const detail = `${stateDir} is writable, ${Math.floor(freeBytes / mib).toLocaleString('en')} MiB free${kind === undefined ? '' : `, ${kind.name}`}`
  if (blocks > 0 && freeBytes < bytesMin) {
    return { status: 'warn', detail, fix: 'free some space: a store takes up to five times the size of its contents' }
  }
  if (kind?.trouble !== undefined) {
    return { status: 'warn', detail: `${detail}: ${kind.trouble}`, fix: 'set stateDir to a volume on a local disk' }
  }
  if (!isStateDirGiven) {
    return {
      status: 'warn',
      detail: `${detail}; it is the default, below the temporary directory, where systems clean up`,
      fix: 'set stateDir to a directory of its own, in containers a volume',
    }
  }
  return { status: 'ok', detail }
}

async function nearestExisting(directory: string): Promise<string> {
  try {
    await stat(directory)
    return directory
  } catch (error) {
    const parent = path.dirname(directory)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === directory) return directory
    return nearestExisting(parent)
  }
}

/** Tried, since rights alone do not say it: read-only mounts, quotas. */
async function notWritable(directory: string): Promise<string | undefined> {
  try {
    await access(directory, constants.W_OK | constants.X_OK)
    await rmdir(await mkdtemp(path.join(directory, '.millrace-doctor-')))
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

async function stateHere(options: MachineOptions): Promise<Finding | { readonly skipped: string }> {
  const { applicationId, stateDir, fileSystem } = options
  if (applicationId === undefined) return { skipped: 'no application was named' }
  const { slots, foreign, directory } = await localState({ stateDir, applicationId, fileSystem })
  const strangers = [
    ...foreign,
    ...slots.flatMap((slot) => slot.foreign.map((name) => path.join(path.basename(slot.directory), name))),
  ]
  const refused = await refusedTasks(slots)
  const tasks = slots.reduce((sum, slot) => sum + slot.state.length, 0)
  const held = slots.filter(({ isHeld }) => isHeld).length
  const detail =
    slots.length === 0
      ? `${directory}: none yet`
      : `${counted(slots.length, 'slot')}, ${held} held by running processes, state of ${counted(tasks, 'task')}`
  if (refused.length > 0) {
    return {
      status: 'fail',
      detail: `${detail}; refused, because changelogs lost what it has: ${refused.join(', ')}`,
      fix: 'read refused.txt there, and docs/state-directory.md; remove the directory only if the changelog shall win',
    }
  }
  if (strangers.length > 0) {
    const fix = `move them out of ${directory}: it belongs to millrace alone`
    return {
      status: 'warn',
      detail: `${detail}; files that are not millrace's: ${strangers.slice(0, 5).join(', ')}`,
      fix,
    }
  }
  return { status: 'ok', detail }
}

async function refusedTasks(slots: Awaited<ReturnType<typeof localState>>['slots']): Promise<string[]> {
  const refused: string[] = []
  for (const { directory, state } of slots) {
    for (const name of state) {
      const files = await readdir(path.join(directory, name)).catch((): string[] => [])
      if (files.includes('refused.txt')) refused.push(path.join(directory, name))
    }
  }
  return refused
}
