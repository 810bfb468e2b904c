/**
 * Java Kafka Streams under the same kills, for comparison: the class beside this file, compiled once with the jars in
 * KAFKA_STREAMS_LIB (kafka-streams and what it needs; `test/bench/README.md` has the pom).
 */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Command } from './instance.ts'
import { applicationId, sessionTimeoutMs } from './layout.ts'
import type { KillOptions } from './options.ts'

const run = promisify(execFile)
const source = join(import.meta.dirname, 'KillWordCount.java')
const classes = join(import.meta.dirname, '../../.cache/kill-test/classes')
const jars = process.env['KAFKA_STREAMS_LIB'] ?? ''

/** Undefined where Java's side can run; else the line that says what is missing. */
export async function whatJavaLacks(): Promise<string | undefined> {
  if (!jarsIn(jars).some((name) => name.startsWith('kafka-streams-'))) {
    return 'Java Kafka Streams skipped: KAFKA_STREAMS_LIB names no folder with its jars (see test/bench/README.md)'
  }
  try {
    await mkdir(classes, { recursive: true })
    await run('javac', ['-d', classes, '-cp', `${jars}/*`, source])
    return undefined
  } catch (error) {
    return `Java Kafka Streams skipped: javac did not compile ${source}: ${String(error).split('\n', 3).join(' ')}`
  }
}

export function javaCommand(brokers: string, options: KillOptions, stateDir: string): Command {
  const interval = options.guarantee === 'exactly_once' ? 100 : 500
  const settings = [brokers, applicationId, stateDir, options.guarantee, String(sessionTimeoutMs), String(interval)]
  return {
    program: 'java',
    args: [
      '-Xmx512m',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-cp',
      `${classes}:${jars}/*`,
      'KillWordCount',
      ...settings,
    ],
  }
}

function jarsIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}
