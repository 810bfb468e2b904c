/** Which dead-letter topics are meant: those that are named, or those that the policies of a module name. */
import { existsSync } from 'node:fs'
import { isTopicName } from '../../common/topic-name.ts'
import { CliError } from '../../errors/cli-error.ts'
import { isErrorPolicy } from '../../processor/error-policy.ts'
import type { ErrorPolicy } from '../../processor/error-policy.ts'
import { deadLetterTopics } from '../../runtime/dead-letter-topics.ts'
import { loadApplication } from '../application.ts'
import type { Application } from '../application.ts'
import { loadSettings, moduleFile } from '../settings.ts'
import type { SettingsOptions } from '../settings.ts'

/** Without names: those of the module that the project file or the environment names. */
export async function letterTopics(names: readonly string[], options: SettingsOptions): Promise<readonly string[]> {
  const [first] = names
  if (first !== undefined && names.length === 1 && isModule(first))
    return topicsOf(await loadApplication(first, options))
  const topics = names.length > 0 ? names : await ownTopics(options)
  const bad = topics.find((topic) => !isTopicName(topic))
  if (bad !== undefined) throw new CliError('MILLRACE_USAGE', `'${bad}' is no name of a topic, and no module's file`)
  return [...new Set(topics)]
}

async function ownTopics(options: SettingsOptions): Promise<readonly string[]> {
  if (moduleFile(loadSettings(options)) !== undefined) return topicsOf(await loadApplication(undefined, options))
  throw new CliError(
    'MILLRACE_USAGE',
    `no topic: name a dead-letter topic, or the topology module whose policies name it; or write { "module": "src/topology.ts" } into millrace.json`,
  )
}

/** A topic's name may end with `.ts`, too; who has such a topic and such a file means the file. */
function isModule(name: string): boolean {
  return /\.[cm]?[jt]s(?:#|$)/.test(name) || (!isTopicName(name) && existsSync(name))
}

function topicsOf({ file, module, config }: Application): readonly string[] {
  const policy = (given: unknown): ErrorPolicy => (isErrorPolicy(given) ? given : 'fail')
  const policies = {
    onDeserializationError: policy(config.onDeserializationError),
    onProcessingError: policy(config.onProcessingError),
    onProductionError: policy(config.onProductionError),
  }
  const { subTopologies } = module.build(config).compile()
  const topics = [...new Set(subTopologies.flatMap((subTopology) => deadLetterTopics(subTopology, policies)))]
  if (topics.length > 0) return topics
  throw new CliError(
    'MILLRACE_PRECONDITION',
    `no error policy of '${file}' names a dead-letter topic; a function may do so for a record: then name the topic`,
  )
}
