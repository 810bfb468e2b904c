/** `millrace describe [module]`: the topology in every format, or what changed since a description that was saved. */
import { CliError } from '../errors/cli-error.ts'
import type { TopologyModule } from '../dsl/define-topology.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { loadApplication } from './application.ts'
import type { DescribeFormat as Format } from './describe-formats.ts'
import type { LiveOptions } from './describe-live.ts'
import { schemaVersion } from './output.ts'
import { print, say } from './terminal.ts'

export interface DescribeOptions extends LiveOptions {
  /** Undefined: text, or what `-o` says. */
  readonly format?: Format
  readonly output: 'text' | 'json'
  readonly diff?: string
  readonly live?: boolean
  readonly out?: string
}

export async function describeCommand(file: string | undefined, options: DescribeOptions): Promise<void> {
  const format = formatOf(options)
  const { module, config } = await loadApplication(file, options)
  if (options.live === true) return describeLive(file, module, config, format, options)
  if (options.diff !== undefined) return describeDiff(options.diff, module, config, format, options.out)
  await write(await described(module, config, format), options.out)
}

function formatOf({ format, output, diff, live }: DescribeOptions): Format {
  if (output === 'json' && format !== undefined && format !== 'json') {
    throw new CliError('MILLRACE_USAGE', `--format ${format} and -o json contradict each other; give one of them`)
  }
  const chosen = output === 'json' ? 'json' : (format ?? 'text')
  if (diff !== undefined && chosen !== 'text' && chosen !== 'json') {
    throw new CliError('MILLRACE_USAGE', `--diff is printed as text or json, not as ${chosen}`)
  }
  if (live === true && (diff !== undefined || (chosen !== 'text' && chosen !== 'json'))) {
    throw new CliError('MILLRACE_USAGE', `--live is printed as text or json, and not together with --diff`)
  }
  return chosen
}

type Config = Partial<StreamsConfig> & { readonly applicationId: string }

async function described(module: TopologyModule, config: Config, format: Format): Promise<string> {
  const description = module.build(config).describe()
  const { applicationId } = config
  switch (format) {
    case 'text':
      return description.toString()
    case 'json':
      return json({ schemaVersion, applicationId, ...description.toJSON() })
    case 'mermaid':
      return description.toMermaid()
    case 'dot':
      return description.toDot()
    case 'svg':
      return description.toSvg({ applicationId })
    case 'html':
      return description.toHtml({ applicationId })
  }
}

function json(document: object): string {
  return `${JSON.stringify(document, undefined, 2)}\n`
}

async function write(content: string, out: string | undefined): Promise<void> {
  if (out === undefined) return print(content)
  const { writeOutput } = await import('./saved-topology.ts')
  await writeOutput(out, content)
  say(`wrote ${out}`)
}

async function describeLive(
  file: string | undefined,
  module: TopologyModule,
  config: Config,
  format: Format,
  options: DescribeOptions,
): Promise<void> {
  const { liveText, readLive } = await import('./describe-live.ts')
  const live = await readLive(file, options)
  const description = module.build(config).describe()
  const { applicationId } = config
  const content =
    format === 'json'
      ? json({ schemaVersion, applicationId, ...description.toJSON(), live })
      : `${description.toString()}${liveText(live)}`
  await write(content, options.out)
}

async function describeDiff(
  file: string,
  module: TopologyModule,
  config: Config,
  format: Format,
  out: string | undefined,
): Promise<void> {
  const [{ readDescription }, { diffTopologies }, { diffSummary, diffText }] = await Promise.all([
    import('./saved-topology.ts'),
    import('../topology/topology-diff.ts'),
    import('./diff-text.ts'),
  ])
  const before = readDescription(file, '--diff')
  const diff = diffTopologies(before, {
    ...module.build(config).describe().toJSON(),
    applicationId: config.applicationId,
  })
  await write(format === 'json' ? json({ schemaVersion, ...diff }) : diffText(diff), out)
  if (diff.verdict === 'identical' || diff.verdict === 'safe') return
  throw new CliError('MILLRACE_DIFFERENT', `the topology is not what ${file} has: ${diffSummary(diff)}`)
}
