/** Instances for people. */
import type { ErrorEntry } from '../runtime/error-log.ts'
import { ageText } from './lag-text.ts'
import { oneLine } from './printable.ts'
import type { FoundApplication, FoundInstance } from './instances.ts'
import { styled } from './style.ts'
import type { Style } from './style.ts'
import { tableText } from './table.ts'
import type { Column } from './table.ts'
import { paragraph } from './wrap.ts'

export function statusText(application: FoundApplication, nowMs: number, isVerbose: boolean): string {
  const { applicationId, groupState, instances } = application
  const taskCount = instances.reduce((sum, instance) => sum + taskIds(instance).length, 0)
  const head = `${styled('heading', oneLine(applicationId))}${groupText(groupState)}${instances.length === 0 ? '' : `; instances: ${instances.length}, tasks: ${taskCount}`}\n`
  const table = instances.length === 0 ? '' : `\n${tableText(columns(nowMs), instances)}`
  const notes = instances.flatMap((instance) => notesOf(instance, isVerbose))
  return `${head}${table}${notes.length === 0 ? '' : `\n${notes.join('\n')}\n`}`
}

/** With the blank before it. */
function groupText(groupState: string): string {
  if (groupState === 'Stable') return ` ${styled('good', 'Stable')}`
  if (groupState === 'Empty') return ` ${styled('warning', 'is not running (its group is empty)')}`
  if (groupState === 'Dead')
    return ` ${styled('warning', 'has no group: it has not run yet, or its offsets have expired')}`
  return groupState === 'not asked' ? '' : ` ${styled('warning', groupState)}`
}

function columns(nowMs: number): Column<FoundInstance>[] {
  return [
    { title: 'INSTANCE', value: nameOf, style: () => 'name', flexible: 'middle' },
    { title: 'STATE', value: ({ status }) => status?.state, style: stateStyle },
    { title: 'TASKS', value: taskText, align: 'right' },
    { title: 'LAG', value: ({ status }) => status?.lag, align: 'right' },
    {
      title: 'COMMIT',
      value: ({ status }) => (status?.lastCommitAgeMs == null ? null : `${ageText(status.lastCommitAgeMs)} ago`),
      align: 'right',
      expendable: 4,
    },
    { title: 'UP', value: (instance) => uptime(instance, nowMs), align: 'right', expendable: 3 },
    {
      title: 'RSS',
      value: ({ status }) => (status === null ? null : mebibytes(status.process.rssBytes)),
      align: 'right',
      expendable: 2,
    },
    {
      title: 'LOOP P99',
      value: ({ status }) => (status === null ? null : `${Math.round(status.process.eventLoopDelayP99Ms)} ms`),
      align: 'right',
      expendable: 1,
    },
    { title: 'ERRORS', value: ({ status }) => status?.errors.total, align: 'right', style: errorStyle },
    { title: 'HTTP', value: ({ http }) => http, flexible: true, expendable: 5 },
  ]
}

function nameOf({ listing, http }: FoundInstance): string {
  if (listing === null) return http ?? ''
  return listing.instanceId ?? `${listing.host ?? listing.clientId}/${listing.processId?.slice(0, 8) ?? 'unknown'}`
}

function taskIds({ listing, status }: FoundInstance): readonly string[] {
  return listing?.tasks ?? status?.threads.flatMap((thread) => thread.taskIds) ?? []
}

/** `2 +1 restoring`. */
function taskText(instance: FoundInstance): string {
  const all = taskIds(instance).length
  const { restoring = 0, assigned = 0 } = instance.status?.tasks ?? {}
  const waiting = restoring + assigned
  return waiting === 0 ? String(all) : `${all} (${waiting} restoring)`
}

function uptime({ listing, status }: FoundInstance, nowMs: number): string | null {
  if (status !== null) return ageText(status.uptimeMs)
  return listing?.startedAtMs === undefined ? null : ageText(Math.max(0, nowMs - listing.startedAtMs))
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`
}

function stateStyle({ status }: FoundInstance): Style | undefined {
  if (status === null) return undefined
  return status.state === 'RUNNING' ? 'good' : status.state.includes('ERROR') ? 'bad' : 'warning'
}

function errorStyle({ status }: FoundInstance): Style | undefined {
  return status !== null && status.errors.total > 0 ? 'bad' : undefined
}

function notesOf(instance: FoundInstance, isVerbose: boolean): string[] {
  const { listing, status, problem } = instance
  const name = nameOf(instance)
  const { remaining = 0, etaMs = null } = status?.restore ?? {}
  const last = status?.errors.last
  const told = [
    problem === null ? undefined : problem,
    listing?.error === undefined ? undefined : `told to stop: ${listing.error.code}: ${listing.error.message}`,
    remaining === 0
      ? undefined
      : `restores ${remaining.toLocaleString('en')} records${etaMs === null ? '' : `, ${ageText(etaMs)} left`}`,
    last == null ? undefined : `last error ${last.at}: ${errorText(last)}`,
    ...(isVerbose ? detailsOf(instance) : []),
  ]
  return told
    .filter((note) => note !== undefined)
    .map((note) => paragraph(`${styled('quiet', `${oneLine(name)}:`)} ${oneLine(note)}`, 2))
}

/** Messages that may have something of a record in them are not told by its instance, but the place is. */
function errorText({ code, message, action, ...place }: ErrorEntry): string {
  const details = message ?? [placeText(place), action].filter((part) => part != null).join(', ')
  return [code ?? 'not one of millrace', details].filter((part) => part !== '').join(': ')
}

/** As much of it as is known: of what was to be written, for one, no more than the topic. */
function placeText({ taskId, topic, partition, offset }: Partial<ErrorEntry>): string | null | undefined {
  if (topic == null) return taskId
  if (partition == null) return topic
  return `${topic}-${partition}${offset == null ? '' : `@${offset}`}`
}

function detailsOf({ listing, ...instance }: FoundInstance): (string | undefined)[] {
  const tasks = taskIds({ listing, ...instance })
  return [
    `tasks ${tasks.join(' ') || 'none'}`,
    listing === null ? undefined : `member ${listing.memberId}, connected from ${listing.connectedFrom}`,
    listing?.directory === undefined ? undefined : `state in ${listing.directory}`,
    listing === null || listing.localTasks.length === 0
      ? undefined
      : `state of tasks that others run: ${listing.localTasks.join(' ')}`,
  ]
}
