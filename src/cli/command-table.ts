/**
 * Every command: its name, a line about it, and the file that defines it, loaded only when it is called, because reading
 * all of them would cost `millrace --help` more than printing it.
 */
import type { Command } from 'commander'

export interface CommandEntry {
  readonly name: string
  readonly summary: string
  readonly group: string
  readonly load: () => Promise<CommandModule>
}

/** What a file in `commands/` exports: adds arguments, options, examples and action. */
export interface CommandModule {
  /** `program` is all commands with all they take; for commands about commands, which must not import the program. */
  readonly define: (command: Command, program: () => Promise<Command>) => void
}

const develop = 'Develop:'
const operate = 'Operate:'
const records = 'Records:'
export const helpGroup = 'Help:'

export const commandTable: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'write a new project: topology, tests, Dockerfile, compose file, manifests, CI',
    group: develop,
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'dev',
    summary: 'run an application on an embedded broker; no Kafka needed',
    group: develop,
    load: () => import('./commands/dev.ts'),
  },
  {
    name: 'describe',
    summary: 'print the topology: sub-topologies, nodes, stores, topics',
    group: develop,
    load: () => import('./commands/describe.ts'),
  },
  {
    name: 'validate',
    summary: 'find what of a topology will not work, or will surprise, without a Kafka',
    group: develop,
    load: () => import('./commands/validate.ts'),
  },
  {
    name: 'broker',
    summary: 'run the embedded broker for any Kafka client; for development and tests, data in memory',
    group: develop,
    load: () => import('./commands/broker.ts'),
  },
  {
    name: 'run',
    summary: 'run an instance of an application until SIGINT or SIGTERM',
    group: operate,
    load: () => import('./commands/run.ts'),
  },
  {
    name: 'topics',
    summary: 'compare the topics of an application with those of the cluster, and create what is missing',
    group: operate,
    load: () => import('./commands/topics.ts'),
  },
  {
    name: 'status',
    summary: 'print the instances of an application, their tasks, and how they are',
    group: operate,
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'lag',
    summary: 'print how far an application is behind, and which transactions hold it back',
    group: operate,
    load: () => import('./commands/lag.ts'),
  },
  {
    name: 'reset',
    summary: 'start an application over: offsets, internal topics, local state',
    group: operate,
    load: () => import('./commands/reset.ts'),
  },
  {
    name: 'doctor',
    summary: 'check what an application needs around it, with a fix for each fault',
    group: operate,
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'send',
    summary: 'write a record for each line of standard input',
    group: records,
    load: () => import('./commands/send.ts'),
  },
  {
    name: 'tail',
    summary: 'print the last committed records of a topic, and those that come, until Ctrl-C',
    group: records,
    load: () => import('./commands/tail.ts'),
  },
  {
    name: 'explain',
    summary: 'print what an error code means, where to look, and what to do',
    group: helpGroup,
    load: () => import('./commands/explain.ts'),
  },
  {
    name: 'dlq',
    summary: 'list dead letters, show them, and send them to their topics again',
    group: records,
    load: () => import('./commands/dlq.ts'),
  },
  {
    name: 'shell',
    summary: 'run commands one after the other, with history and completion',
    group: helpGroup,
    load: () => import('./commands/shell.ts'),
  },
  {
    name: 'config',
    summary: 'print the configuration that a command would use, and where each value is from',
    group: helpGroup,
    load: () => import('./commands/config.ts'),
  },
  {
    name: 'completion',
    summary: 'print the completion script of a shell',
    group: helpGroup,
    load: () => import('./commands/completion.ts'),
  },
]
