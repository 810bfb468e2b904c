/** A lag report for people. */
import { counted } from '../runtime/operations/counted.ts'
import type { LagRate, LagSum, PartitionLag } from '../runtime/operations/lag.ts'
import type { LagOnCluster } from '../runtime/operations/lag-on-cluster.ts'
import type { OpenTransaction } from '../runtime/operations/open-transactions.ts'
import { oneLine } from './printable.ts'
import { styled } from './style.ts'
import { tableText } from './table.ts'
import type { Column } from './table.ts'

export function lagText({ report, transactions }: LagOnCluster, rate: LagRate | undefined): string {
  const { applicationId, group, partitions, total } = report
  const members = group === null ? 'has no group yet' : `${group.state}, ${counted(group.members, 'member')}`
  const parts = [
    `${styled('heading', applicationId)} ${members}; ${totalText(total, rate)}\n`,
    partitions.length === 0 ? '' : `\n${tableText(columns(partitions), partitions)}`,
    unknownText(partitions),
    subTopologiesText(report.subTopologies),
    total.uncommitted === 0
      ? ''
      : `\n${counted(total.uncommitted, 'partition')} without a committed offset: lag counts from the beginning of the log\n`,
    total.lost === 0
      ? ''
      : `\n${styled('warning', 'warning')}: retention deleted ${counted(total.lost, 'record')} before they were read\n`,
    transactionsText(
      transactions.filter((one) => isTold(one, applicationId)),
      report.atMs,
    ),
  ]
  return parts.join('')
}

function totalText({ lag, lagMs, unknown }: LagSum, rate: LagRate | undefined): string {
  const age = lagMs === null ? '' : `, the oldest ${ageText(lagMs)} old`
  const base = `lag ${atLeast(lag, unknown)}${age}`
  if (rate === undefined) return base
  const end =
    lag === 0 ? '' : rate.catchUpMs === null ? ', not catching up' : `, caught up in ${ageText(rate.catchUpMs)}`
  return `${base}; ${Math.round(rate.perSecond).toLocaleString('en')} records/s${end}`
}

/** A sum in which something is missing. */
function atLeast(lag: number, unknown: number): string {
  const sum = lag.toLocaleString('en')
  return unknown === 0 ? sum : `at least ${sum} (${counted(unknown, 'partition')} not known)`
}

function unknownText(partitions: readonly PartitionLag[]): string {
  const lines = partitions.flatMap(({ topic, partition, unknown }) =>
    unknown === null ? [] : `${styled('bad', 'not known')}: ${topic}-${partition}: ${oneLine(unknown)}\n`,
  )
  return lines.length === 0 ? '' : `\n${lines.join('')}`
}

function columns(partitions: readonly PartitionLag[]): Column<PartitionLag>[] {
  const hasTasks = partitions.some(({ taskId }) => taskId !== null)
  const task: Column<PartitionLag>[] = hasTasks ? [{ title: 'TASK', value: ({ taskId }) => taskId }] : []
  return [
    ...task,
    { title: 'TOPIC', value: ({ topic }) => topic, style: () => 'name', flexible: 'middle', widthMin: 20 },
    { title: 'PARTITION', value: ({ partition }) => String(partition), align: 'right' },
    { title: 'COMMITTED', value: ({ committed }) => committed, align: 'right', expendable: 2 },
    { title: 'END', value: ({ end }) => end, align: 'right', expendable: 3 },
    { title: 'LAG', value: ({ lag }) => lag ?? 'not known', align: 'right', style: lagStyle },
    { title: 'AGE', value: ({ lagMs }) => (lagMs === null ? '' : ageText(lagMs)), align: 'right' },
    { title: 'OWNER', value: ({ owner }) => owner, flexible: true, expendable: 1 },
  ]
}

function lagStyle({ lag }: PartitionLag): 'warning' | 'bad' | undefined {
  if (lag === null) return 'bad'
  return lag > 0 ? 'warning' : undefined
}

function subTopologiesText(subTopologies: LagOnCluster['report']['subTopologies']): string {
  if (subTopologies.length < 2) return ''
  const lines = subTopologies.map(
    ({ subTopology, tasks, lag, lagMs, unknown }) =>
      `sub-topology ${subTopology}: lag ${atLeast(lag, unknown)} over ${counted(tasks, 'task')}${lagMs === null ? '' : `, the oldest ${ageText(lagMs)} old`}`,
  )
  return `\n${lines.join('\n')}\n`
}

const verdicts = {
  open: 'open transaction',
  late: 'transaction that is longer than its time-out',
  hanging: 'hanging transaction, which no coordinator will ever end',
} as const

/** A running application always has one of its own open. */
function isTold({ verdict, transactionalId }: OpenTransaction, applicationId: string): boolean {
  return verdict !== 'open' || transactionalId?.startsWith(`${applicationId}-`) !== true
}

function transactionsText(transactions: readonly OpenTransaction[], nowMs: number): string {
  if (transactions.length === 0) return ''
  const lines = transactions.map((transaction) => {
    const { verdict, producerId, transactionalId, sinceMs, partitions } = transaction
    const since = sinceMs === null ? '' : ` for ${ageText(Math.max(0, nowMs - sinceMs))}`
    const where = partitions
      .map(({ topic, partition, startOffset }) => `${topic}-${partition} at ${startOffset}`)
      .join(', ')
    const words = styled(verdict === 'open' ? 'quiet' : 'bad', verdicts[verdict])
    return `${words}${since}: producer ${producerId}, ${oneLine(transactionalId ?? 'transactional id not known')}, holds back ${where}`
  })
  return `\n${lines.join('\n')}\n`
}

/** Rounded to what matters: `3.2 s`, `5 min`, `2 d`. */
export function ageText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`
  return `${Math.round(ms / 86_400_000)} d`
}
