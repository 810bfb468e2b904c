/** What one kill test is: everything that decides its course, from the command line or from a test. */
import { parseArgs } from 'node:util'
import type { TopologyName } from './application.ts'
import { applicationOf } from './applications.ts'

export interface KillOptions {
  readonly topology: TopologyName
  readonly broker: 'kafka' | 'embedded'
  readonly guarantee: 'exactly_once' | 'at_least_once'
  /** Who runs the topology: `millrace run`, or the Java program in this folder for comparison. */
  readonly app: 'millrace' | 'java'
  readonly seed: number
  readonly records: number
  /** At least so many SIGKILLs. */
  readonly kills: number
  readonly zombie: boolean
  readonly restartBroker: boolean
  /** `-X key=value` for every instance. */
  readonly set: readonly string[]
  /** Keeps logs and state of a run that succeeded, too. */
  readonly keep: boolean
}

export interface CommandLine extends KillOptions {
  readonly runs: number
  readonly java: boolean
  /** Repetitions of the recovery measurement; 0: the kill test itself. */
  readonly recovery: number
}

export const killDefaults: KillOptions = {
  topology: 'words',
  broker: 'kafka',
  guarantee: 'exactly_once',
  app: 'millrace',
  seed: 1,
  records: 300_000,
  kills: 25,
  zombie: false,
  restartBroker: false,
  set: [],
  keep: false,
}

/** What CI runs: another seed each time, or MILLRACE_KILL_SEED; small enough for half a minute. */
export function ciOptions(topology: TopologyName = 'words'): KillOptions {
  const seed = Number(process.env['MILLRACE_KILL_SEED'] ?? Date.now() % 1_000_000)
  return { ...killDefaults, topology, seed, records: applicationOf({ topology }).records / 5, kills: 8 }
}

export const usage = `npm run kill-test -- [options]
  --topology words|windows                 default words; windows: windows, sessions and joins of streams
  --broker kafka|embedded                  default kafka (needs Java); embedded: millrace broker over TCP
  --guarantee exactly_once|at_least_once   default exactly_once
  --seed n                                 default: by the clock; decides the schedule and the records
  --records n                              lines of text, default 300000; events of windows, default 100000
  --kills n                                SIGKILLs at least, default 25
  --runs n                                 runs with seeds n, n+1, …; default 1
  --zombie                                 also SIGSTOP past the session time-out, then SIGCONT
  --restart-broker                         also kill -9 of the broker in the middle (kafka only)
  --java                                   after each run the same schedule against Java Kafka Streams
  --recovery [n]                           instead: n times kill -9 of one of three, with and without a restart; default 10
  -X key=value                             configuration of the instances; repeatable
  --keep                                   keep logs and state directories of a good run too`

export function parseCommandLine(args: readonly string[], nowMs: number): CommandLine {
  const { values } = parseArgs({
    args: args.flatMap((arg, index) =>
      arg === '--recovery' && !/^\d+$/.test(args[index + 1] ?? '') ? [`${arg}=10`] : arg,
    ),
    options: {
      topology: { type: 'string' },
      broker: { type: 'string' },
      guarantee: { type: 'string' },
      seed: { type: 'string' },
      records: { type: 'string' },
      kills: { type: 'string' },
      runs: { type: 'string' },
      zombie: { type: 'boolean' },
      'restart-broker': { type: 'boolean' },
      java: { type: 'boolean' },
      recovery: { type: 'string' },
      set: { type: 'string', short: 'X', multiple: true },
      keep: { type: 'boolean' },
    },
  })
  const topology = oneOf('topology', values.topology ?? 'words', ['words', 'windows'])
  return {
    ...killDefaults,
    topology,
    broker: oneOf('broker', values.broker ?? 'kafka', ['kafka', 'embedded']),
    guarantee: oneOf('guarantee', values.guarantee ?? 'exactly_once', ['exactly_once', 'at_least_once']),
    seed: count('seed', values.seed, nowMs % 1_000_000),
    records: count('records', values.records, applicationOf({ topology }).records),
    kills: count('kills', values.kills, killDefaults.kills),
    runs: count('runs', values.runs, 1),
    zombie: values.zombie ?? false,
    restartBroker: values['restart-broker'] ?? false,
    java: values.java ?? false,
    recovery: count('recovery', values.recovery, 0),
    set: values.set ?? [],
    keep: values.keep ?? false,
  }
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value)
  if (found === undefined) throw new Error(`--${name} takes ${allowed.join(' or ')}, not '${value}'\n${usage}`)
  return found
}

function count(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  if (!/^\d+$/.test(text)) throw new Error(`--${name} takes a number, not '${text}'\n${usage}`)
  return Number(text)
}

/** The command that repeats one run. */
export function replayCommand(options: KillOptions & { readonly recovery?: number }): string {
  const flags = [
    `--topology ${options.topology} --broker ${options.broker} --guarantee ${options.guarantee} --seed ${options.seed}`,
    `--records ${options.records} --kills ${options.kills}`,
    ...(options.zombie ? ['--zombie'] : []),
    ...(options.restartBroker ? ['--restart-broker'] : []),
    ...(options.app === 'java' ? ['--java'] : []),
    ...(options.recovery === undefined || options.recovery === 0 ? [] : [`--recovery ${options.recovery}`]),
    ...options.set.map((assignment) => `-X ${assignment}`),
  ]
  return `npm run kill-test -- ${flags.join(' ')}`
}
