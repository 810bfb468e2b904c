/** `millrace validate [module]`: what of a topology will not work, will surprise, or is good to know; without a Kafka. */
import { tmpdir } from 'node:os'
import { nearest } from '../common/nearest.ts'
import type { TopologyModule } from '../dsl/define-topology.ts'
import { CliError } from '../errors/cli-error.ts'
import { ConfigError } from '../errors/config-error.ts'
import { StreamsError } from '../errors/streams-error.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { completeConfig } from '../runtime/streams-config.ts'
import { placeText } from '../topology/definition-place.ts'
import type { TopologyJson } from '../topology/description.ts'
import { diffTopologies } from '../topology/topology-diff.ts'
import { changeFindings, validateTopology } from '../topology/validate.ts'
import { finding, severestFirst, validateRules, type Finding, type Severity } from '../topology/validate-model.ts'
import { loadApplication, type Application } from './application.ts'
import { schemaVersion, type OutputFormat } from './output.ts'
import { readDescription } from './saved-topology.ts'
import type { SettingsOptions } from './settings.ts'
import { print } from './terminal.ts'
import type { ValidateFormat } from './validate-formats.ts'
import { findingsText, githubText, sarifText, type ValidateReport } from './validate-text.ts'

export interface ValidateOptions extends SettingsOptions {
  /** Undefined: text, or what `-o` says. */
  readonly format?: ValidateFormat
  readonly output: OutputFormat
  readonly against?: string
  /** Undefined: any number. */
  readonly maxWarnings?: number
  readonly ignore?: readonly string[]
}

export async function validateCommand(file: string | undefined, options: ValidateOptions): Promise<void> {
  const format = formatOf(options)
  const ignored = ignoredRules(options.ignore ?? [])
  const before = options.against === undefined ? undefined : readDescription(options.against, '--against')
  const { diff, ...found } = await validated(file, options, before)
  const findings = severestFirst(found.findings.filter(({ rule }) => !ignored.has(rule)))
  const report = { ...found, counts: countsOf(findings), findings, ...(diff !== undefined && { diff }) }
  await print(textOf(report, format))
  judge(report, options.maxWarnings)
}

function formatOf({ format, output }: ValidateOptions): ValidateFormat {
  if (output === 'text') return format ?? 'text'
  if (format === undefined || format === 'json') return 'json'
  throw new CliError('MILLRACE_USAGE', `--format ${format} and -o ${output} contradict each other; give one of them`)
}

function ignoredRules(names: readonly string[]): ReadonlySet<string> {
  const known = Object.keys(validateRules)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return new Set(names)
  const near = nearest(unknown, known)
  throw new CliError(
    'MILLRACE_USAGE',
    `--ignore: there is no rule '${unknown}'; ${near === undefined ? 'docs/validate.md has all of them' : `did you mean '${near}'?`}`,
  )
}

type Found = Omit<ValidateReport, 'counts'>

async function validated(
  file: string | undefined,
  options: ValidateOptions,
  before: TopologyJson | undefined,
): Promise<Found> {
  const application = await loaded(file, options)
  if ('rule' in application) return { module: file ?? '', applicationId: null, findings: [application] }
  const { module, config } = application
  const about = { module: application.file, applicationId: config.applicationId }
  const wrong = configFindings(config)
  const topology = built(module, config)
  if ('rule' in topology) return { ...about, findings: [...wrong, topology] }
  const found = [...wrong, ...validateTopology(topology, config)]
  if (before === undefined) return { ...about, findings: found }
  const diff = diffTopologies(before, topology)
  return { ...about, findings: [...found, ...changeFindings(diff, topology)], diff }
}

/** A module that is not there, or is none, is wrong usage; one whose configuration or code is refused is a finding. */
async function loaded(file: string | undefined, options: ValidateOptions): Promise<Application | Finding> {
  try {
    return await loadApplication(file, options)
  } catch (error) {
    if (error instanceof ConfigError) return configFinding(error)
    if (error instanceof CliError || !(error instanceof StreamsError)) throw error
    return invalid(error)
  }
}

function built(module: TopologyModule, config: Application['config']): TopologyJson | Finding {
  try {
    const topology = module.build(config)
    return { ...topology.describe().toJSON(), applicationId: config.applicationId }
  } catch (error) {
    return error instanceof ConfigError ? configFinding(error) : invalid(error)
  }
}

function invalid(error: unknown): Finding {
  const code = error instanceof StreamsError ? `${error.code}: ` : ''
  const message = error instanceof Error ? error.message : String(error)
  const place = error instanceof Error ? placeText(error) : undefined
  const node =
    error instanceof StreamsError && 'node' in error && typeof error.node === 'string' ? error.node : undefined
  const fix =
    error instanceof StreamsError ? `millrace explain ${error.code}` : 'correct the function that builds the topology'
  return finding('topology-invalid', `${code}${message}`, fix, { node, place })
}

function configFinding(error: ConfigError): Finding {
  return finding('config-invalid', `${error.code}: ${error.message}`, `millrace explain ${error.code}`)
}

/** With brokers, where the module leaves them to its surroundings. */
function configFindings(config: Partial<StreamsConfig> & { readonly applicationId: string }): Finding[] {
  try {
    completeConfig({ kafka: { brokers: ['localhost:9092'] }, ...config }, tmpdir())
    return []
  } catch (error) {
    if (error instanceof ConfigError) return [configFinding(error)]
    throw error
  }
}

function countsOf(findings: readonly Finding[]): ValidateReport['counts'] {
  const count = (severity: Severity): number => findings.filter((each) => each.severity === severity).length
  return { error: count('error'), warning: count('warning'), info: count('info') }
}

function textOf(report: ValidateReport, format: ValidateFormat): string {
  switch (format) {
    case 'text':
      return findingsText(report)
    case 'json':
      return `${JSON.stringify({ schemaVersion, ...report }, undefined, 2)}\n`
    case 'github':
      return githubText(report)
    case 'sarif':
      return sarifText(report)
  }
}

function judge({ module, counts: { error, warning } }: ValidateReport, maxWarnings: number | undefined): void {
  const isTooMany = maxWarnings !== undefined && warning > maxWarnings
  if (error === 0 && !isTooMany) return
  const limit = isTooMany ? `; --max-warnings is ${maxWarnings}` : ''
  throw new CliError(
    'MILLRACE_CHECK_FAILED',
    `${module} has ${error} ${error === 1 ? 'error' : 'errors'} and ${warning} ${warning === 1 ? 'warning' : 'warnings'}${limit}`,
  )
}
