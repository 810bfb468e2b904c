/**
 * Java Kafka Streams under the same kills, for comparison: the class beside this file.
 */
import { join } from 'node:path'
import { compileJava, whatJavaStreamsLacks } from '../support/java-streams.ts'
import type { TopologyName } from './application.ts'
import type { Command } from './instance.ts'
import { applicationId, sessionTimeoutMs } from './layout.ts'
import type { KillOptions } from './options.ts'

let classPath = ''

/** Undefined where Java's side can run; else the line that says what is missing. */
export async function whatJavaLacks(topology: TopologyName): Promise<string | undefined> {
  if (topology !== 'words') return `no Java beside it: KillWordCount.java has no topology '${topology}'`
  const lacks = await whatJavaStreamsLacks()
  if (lacks !== undefined) return lacks
  classPath = await compileJava([join(import.meta.dirname, 'KillWordCount.java')])
  return undefined
}

export function javaCommand(brokers: string, options: KillOptions, stateDir: string): Command {
  const interval = options.guarantee === 'exactly_once' ? 100 : 500
  const settings = [brokers, applicationId, stateDir, options.guarantee, String(sessionTimeoutMs), String(interval)]
  return {
    program: 'java',
    args: ['-Xmx512m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', classPath, 'KillWordCount', ...settings],
  }
}
