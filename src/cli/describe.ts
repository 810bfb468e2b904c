/** `millrace describe <module>`: the topology as text (equal to Java's), JSON or a Mermaid flow chart. */
import { CliError } from '../errors/cli-error.ts'
import { loadApplication } from './application.ts'
import type { SettingsOptions } from './settings.ts'
import { print } from './terminal.ts'

export interface DescribeOptions extends SettingsOptions {
  readonly format: string
}

export async function describeCommand(file: string | undefined, options: DescribeOptions): Promise<void> {
  const { module } = await loadApplication(file, options)
  const description = module.build().describe()
  if (options.format === 'text') await print(description.toString())
  else if (options.format === 'json') await print(`${JSON.stringify(description.toJSON(), undefined, 2)}\n`)
  else if (options.format === 'mermaid') await print(`${description.toMermaid().trimEnd()}\n`)
  else throw new CliError('MILLRACE_USAGE', `--format is text, json or mermaid, not '${options.format}'`)
}
