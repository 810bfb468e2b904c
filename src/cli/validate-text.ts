/** Findings of `millrace validate` for people, for annotations of a pull request, and for code scanning (SARIF 2.1.0). */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { TopologyDiff } from '../topology/diff-model.ts'
import { validateRules, type Finding, type Severity } from '../topology/validate-model.ts'
import { diffSummary } from './diff-text.ts'
import { styled, type Style } from './style.ts'
import { paragraph } from './wrap.ts'

export interface ValidateReport {
  readonly module: string
  /** Null: it could not be loaded. */
  readonly applicationId: string | null
  readonly counts: Readonly<Record<Severity, number>>
  readonly findings: readonly Finding[]
  readonly diff?: TopologyDiff
}

const styles: Readonly<Record<Severity, Style>> = { error: 'bad', warning: 'warning', info: 'quiet' }

/** Ends with a line end. */
export function findingsText(report: ValidateReport): string {
  const { module, applicationId, findings, counts, diff } = report
  const head = applicationId === null ? module : `${applicationId} (${module})`
  const changes =
    diff === undefined
      ? []
      : [
          `since the saved description: ${diff.verdict === 'identical' || diff.verdict === 'safe' ? diff.verdict : diffSummary(diff)}`,
        ]
  const total = `${counted(counts.error, 'error')}, ${counted(counts.warning, 'warning')}, ${counts.info} to know`
  const end = findings.length === 0 ? 'nothing found' : total
  return `${[styled('heading', head), ...changes, ...findings.flatMap(findingLines), ...(findings.length === 0 ? [] : ['']), end].join('\n')}\n`
}

function findingLines({ severity, rule, message, fix, place, node }: Finding): string[] {
  const where = [place, node].filter((each) => each !== undefined).join('  ')
  return [
    '',
    `${styled(styles[severity], severity)}  ${rule}  ${styled('quiet', where)}`.trimEnd(),
    paragraph(`  ${message}`, 2),
    paragraph(`  ${styled('heading', 'to do:')} ${fix}`, 2),
  ]
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

const githubKinds: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' }

/** Workflow commands of GitHub Actions. */
export function githubText({ findings, module }: ValidateReport): string {
  return findings
    .map(({ severity, rule, message, fix, place }) => {
      const { file, line } = partsOf(place, module)
      const properties = [
        `file=${property(file)}`,
        ...(line === undefined ? [] : [`line=${line}`]),
        `title=${property(rule)}`,
      ]
      return `::${githubKinds[severity]} ${properties.join(',')}::${commandText(`${message}\nTo do: ${fix}`)}\n`
    })
    .join('')
}

function commandText(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return commandText(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

interface Parts {
  readonly file: string
  readonly line: number | undefined
}

/** Without a place it is about the module as a whole. */
function partsOf(place: string | undefined, module: string): Parts {
  const [, file, line] = /^(.*):(\d+)$/.exec(place ?? '') ?? []
  return file === undefined ? { file: module.replace(/#.*$/, ''), line: undefined } : { file, line: Number(line) }
}

const sarifLevels: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' }

export function sarifText({ findings, module }: ValidateReport): string {
  const rules = Object.entries(validateRules).map(([id, { severity, summary }]) => ({
    id,
    shortDescription: { text: summary },
    defaultConfiguration: { level: sarifLevels[severity] },
  }))
  const results = findings.map(({ rule, severity, message, fix, place }) => ({
    ruleId: rule,
    level: sarifLevels[severity],
    message: { text: `${message}\nTo do: ${fix}` },
    locations: [{ physicalLocation: physicalLocation(partsOf(place, module)) }],
  }))
  const run = { tool: { driver: { name: 'millrace', rules } }, results }
  const document = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] }
  return `${JSON.stringify(document, undefined, 2)}\n`
}

function physicalLocation({ file, line }: Parts): object {
  const uri = path.isAbsolute(file) ? pathToFileURL(file).href : encodeURI(file)
  return { artifactLocation: { uri }, ...(line !== undefined && { region: { startLine: line } }) }
}
