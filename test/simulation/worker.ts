/** A process that runs simulations: it is sent numbers and answers with what came of them. */
import { openSeries, type Series, type SeriesOptions } from './series.ts'
import { reportOn, type Failure } from './report.ts'
import { simulate } from './simulation.ts'

export interface WorkerJob extends SeriesOptions {
  readonly from: number
  readonly to: number
  readonly replay: string
  readonly traceLines: number
}

export interface WorkerAnswer {
  readonly runs: number
  readonly events: number
  readonly failures: readonly Failure[]
}

/** All jobs of a worker are of one series. */
let opened: Promise<Series> | undefined

async function work({ from, to, replay, traceLines, ...options }: WorkerJob): Promise<WorkerAnswer> {
  opened ??= openSeries(options)
  const series = await opened
  const failures: Failure[] = []
  let events = 0
  for (let number = from; number < to; number++) {
    const scenario = series.scenario(number)
    const outcome = await simulate(scenario)
    events += outcome.events
    if (outcome.violations.length === 0 && traceLines === 0) continue
    const command = `${replay} --from ${number}`
    failures.push(await reportOn(number, scenario, outcome, command, traceLines === 0 ? undefined : traceLines))
    if (failures.length >= 3) return { runs: number + 1 - from, events, failures }
  }
  return { runs: to - from, events, failures }
}

// Errors are ordinary here, and where they were made costs more than what they say; a report runs with it.
Error.stackTraceLimit = 0

process.on('message', (job: WorkerJob) => {
  work(job).then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      throw error
    },
  )
})
