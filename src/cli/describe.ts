/** `millrace describe <module>`: the topology as text (equal to Java's), JSON or a Mermaid flow chart. */
import { CliError } from '../errors/cli-error.ts'
import { loadTopologyModule } from './load-module.ts'
import { print } from './terminal.ts'

export async function describeCommand(file: string, options: { readonly format: string }): Promise<void> {
  const module = await loadTopologyModule(file)
  const description = module.build().describe()
  if (options.format === 'text') await print(description.toString())
  else if (options.format === 'json') await print(`${JSON.stringify(description.toJSON(), undefined, 2)}\n`)
  else if (options.format === 'mermaid') await print(`${description.toMermaid().trimEnd()}\n`)
  else throw new CliError('MILLRACE_USAGE', `--format is text, json or mermaid, not '${options.format}'`)
}
