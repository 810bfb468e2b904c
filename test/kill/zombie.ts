/**
 * Proof that an instance which was silent for longer than its session committed nothing after it woke: no commit marker
 * of its producer was written between its waking and its next assignment. Read from the raw logs, where markers are.
 */
import type { RecordBatch } from '../../src/kafka/records/record-batch.ts'
import { controlType } from '../../src/kafka/records/control-batch.ts'
import { fetchFrom, RawKafka } from '../support/raw-kafka.ts'
import { countingSubTopology, partitionCount } from './layout.ts'

/**
 * A sleeper that nobody remembers may have been stopped in the middle of a commit, its offsets accepted already. Then it
 * may end that transaction, as long as the broker keeps it open: those who took over wait for its end, and see it.
 */
const finishMs = 1000

export interface Sleeper {
  readonly instance: number
  readonly tasks: readonly string[]
  /** Since when these tasks were its own. */
  readonly assignedAtMs: number
  readonly stoppedAtMs: number
  readonly wokenAtMs: number
  /** Nobody else died meanwhile, so that whoever took over knew its producer and fenced it. */
  readonly isRemembered: boolean
  /** When it took part again, with a new assignment. */
  readonly rejoinedAtMs: number
}

export interface ZombieFindings {
  readonly violations: readonly string[]
  /** Sleepers that owned a counting task that had written something: only of those something can be proved. */
  readonly judged: number
}

/** `changelog`: that of the counting tasks. */
export async function checkSleepers(
  brokers: string,
  changelog: string,
  sleepers: readonly Sleeper[],
): Promise<ZombieFindings> {
  const logs = await readChangelogs(brokers, changelog)
  const violations: string[] = []
  let judged = 0
  for (const sleeper of sleepers) {
    const producers = producersOf(sleeper, logs)
    if (producers.size > 0) judged++
    const commits = logs
      .flat()
      .filter(
        (batch) =>
          producers.has(batch.producerId) &&
          isCommit(batch) &&
          batch.maxTimestamp > sleeper.wokenAtMs + (sleeper.isRemembered ? 0 : finishMs) &&
          batch.maxTimestamp < sleeper.rejoinedAtMs,
      )
    for (const batch of commits) {
      violations.push(
        `instance ${sleeper.instance + 1} slept past its session and then committed: producer ${batch.producerId}, epoch ${batch.producerEpoch}, ${batch.maxTimestamp - sleeper.wokenAtMs} ms after it woke`,
      )
    }
  }
  return { violations, judged }
}

/**
 * Who committed last to its tasks' changelogs before it was stopped. Only markers carry the broker's time; the time of a
 * data record is that of the input it came from.
 */
function producersOf(sleeper: Sleeper, logs: readonly (readonly RecordBatch[])[]): Set<number> {
  const partitions = sleeper.tasks
    .filter((task) => task.startsWith(`${countingSubTopology}_`))
    .map((task) => Number(task.split('_')[1]))
  const markers = partitions.map((partition) =>
    logs[partition]?.findLast((batch) => isCommit(batch) && batch.maxTimestamp < sleeper.stoppedAtMs),
  )
  return new Set(
    markers.flatMap((batch) =>
      batch === undefined || batch.maxTimestamp < sleeper.assignedAtMs ? [] : [batch.producerId],
    ),
  )
}

function isCommit(batch: RecordBatch): boolean {
  return batch.isControl && controlType(batch) === 1
}

/** Every batch of the changelog, aborted ones and markers included, by partition. */
async function readChangelogs(brokers: string, changelog: string): Promise<RecordBatch[][]> {
  const [host = '', port = '0'] = (brokers.split(',')[0] ?? '').split(':')
  const kafka = await RawKafka.connect({ host, port: Number(port) })
  try {
    const logs: RecordBatch[][] = []
    for (let partition = 0; partition < partitionCount; partition++) {
      logs.push(await readLog(kafka, changelog, partition))
    }
    return logs
  } finally {
    kafka.close()
  }
}

async function readLog(kafka: RawKafka, changelog: string, partition: number): Promise<RecordBatch[]> {
  const all: RecordBatch[] = []
  let offset = 0
  for (;;) {
    const { batches, highWatermark } = await fetchFrom(kafka, changelog, offset, { partition })
    all.push(...batches)
    offset = batches.at(-1)?.nextOffset ?? highWatermark
    if (offset >= highWatermark) return all
  }
}
