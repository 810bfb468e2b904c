/** Runs a range of a series on several processes. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Failure } from './report.ts'
import type { SeriesOptions } from './series.ts'
import type { WorkerAnswer, WorkerJob } from './worker.ts'

export interface PoolOptions extends SeriesOptions {
  /** Of the sources: where `test/simulation/worker.ts` is. */
  readonly root: string
  readonly jobs: number
  readonly from: number
  /** Exclusive. */
  readonly to: number
  readonly replay: string
  readonly traceLines: number
  /** After so many failures no more is begun. */
  readonly failuresMax: number
  readonly onProgress?: (runs: number, failures: number) => void
}

export interface PoolResult {
  readonly runs: number
  readonly events: number
  readonly failures: readonly Failure[]
}

const runsPerJob = 20

export async function runPool(options: PoolOptions): Promise<PoolResult> {
  const { root, from, to, jobs, exhaustive, overlap, workload, replay, traceLines, failuresMax } = options
  let next = from
  let runs = 0
  let events = 0
  const failures: Failure[] = []

  const work = async (): Promise<void> => {
    const worker = fork(path.join(root, 'test/simulation/worker.ts'), { execArgv: ['--no-warnings'] })
    try {
      while (next < to && failures.length < failuresMax) {
        const job = {
          from: next,
          to: Math.min(to, next + runsPerJob),
          exhaustive,
          overlap,
          workload,
          replay,
          traceLines,
        }
        next = job.to
        const answer = await ask(worker, job)
        runs += answer.runs
        events += answer.events
        failures.push(...answer.failures)
        options.onProgress?.(runs, failures.length)
      }
    } finally {
      worker.kill()
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(jobs, Math.ceil((to - from) / runsPerJob))) }, work))
  return { runs, events, failures: failures.toSorted((one, other) => one.number - other.number) }
}

async function ask(worker: ChildProcess, job: WorkerJob): Promise<WorkerAnswer> {
  const ended = new AbortController()
  try {
    const answer = once(worker, 'message', { signal: ended.signal })
    const exit = once(worker, 'exit', { signal: ended.signal })
    worker.send(job)
    const first = await Promise.race([answer, exit.then(() => undefined)])
    if (first === undefined) throw new Error(`the worker for the runs ${job.from} to ${job.to - 1} ended; see above`)
    return first[0] as WorkerAnswer
  } finally {
    ended.abort()
  }
}
