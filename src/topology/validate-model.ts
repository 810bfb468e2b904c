/** The rules of validation, and what a rule finds. `docs/validate.md` has a section for each. */
import type { StreamsConfig } from '../processor/streams-config.ts'
import type { DescriptionGraph } from './description-graph.ts'

/** `error`: it will not work, or loses what it should keep. `warning`: it works, and will surprise. `info`: to know. */
export type Severity = 'error' | 'warning' | 'info'

export const validateRules = {
  'topology-invalid': { severity: 'error', summary: 'the topology cannot be built' },
  'config-invalid': { severity: 'error', summary: 'the configuration is refused' },
  'topic-name-too-long': {
    severity: 'error',
    summary: 'an internal topic whose name is too long with the application id',
  },
  'topic-clash': { severity: 'error', summary: 'an internal topic that has the name of another topic' },
  'topic-collision': { severity: 'error', summary: "topics whose names differ in '.' and '_' only" },
  'retention-too-short': { severity: 'error', summary: 'a store forgets windows that still change' },
  'change-needs-reset': { severity: 'error', summary: 'what changed since the saved description needs a reset' },
  'change-migrates': { severity: 'warning', summary: 'what changed since the saved description migrates' },
  'store-name-generated': { severity: 'warning', summary: 'a store with a changelog has a generated name' },
  'topic-name-generated': { severity: 'warning', summary: 'a repartition topic has a generated name' },
  'store-not-logged': { severity: 'warning', summary: 'a store has no changelog' },
  'store-unused': { severity: 'warning', summary: 'no processor uses a store' },
  'table-from-latest': { severity: 'warning', summary: 'a table begins in the middle of its topic' },
  'topic-loop': { severity: 'warning', summary: 'records come back to the topic that they are from' },
  'repartition-repeated': { severity: 'warning', summary: 'several repartition topics carry the same records' },
  'suppress-without-grace': { severity: 'warning', summary: 'final results of windows that take nothing late' },
  'windows-unlimited': { severity: 'warning', summary: 'a window per key that never ends' },
  copartitioning: { severity: 'info', summary: 'topics that need equal partition counts' },
  'repartition-after-map': { severity: 'info', summary: 'a repartition topic because map() might have changed keys' },
  'window-without-grace': { severity: 'info', summary: 'windows that take nothing late' },
  'state-unbounded': { severity: 'info', summary: 'a row per key that nothing removes' },
  'buffer-unbounded': { severity: 'info', summary: 'suppress() without a limit' },
  'topic-read-back': { severity: 'info', summary: 'a topic that the application both writes and reads' },
  'source-unused': { severity: 'info', summary: 'a source whose records go nowhere' },
} as const

/** What rules look at. */
export interface Validated {
  readonly graph: DescriptionGraph
  /** Undefined: rules about full names of topics find nothing. */
  readonly applicationId: string | undefined
  readonly config: Partial<StreamsConfig>
}

export type ValidateRule = keyof typeof validateRules

export interface Finding {
  readonly rule: ValidateRule
  readonly severity: Severity
  /** What was found, and why it matters. */
  readonly message: string
  /** What to do. */
  readonly fix: string
  readonly node?: string
  readonly store?: string
  readonly topic?: string
  /** `src/app.ts:12`. */
  readonly place?: string
}

/** Fills in the severity of the rule, and leaves out what is unknown. */
export function finding(
  rule: ValidateRule,
  message: string,
  fix: string,
  where: Partial<Record<'node' | 'store' | 'topic' | 'place', string | undefined>> = {},
): Finding {
  const known = Object.fromEntries(Object.entries(where).filter(([, value]) => value !== undefined))
  return { rule, severity: validateRules[rule].severity, message, fix, ...known }
}

const order: readonly Severity[] = ['error', 'warning', 'info']

export function severestFirst(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((one, two) => order.indexOf(one.severity) - order.indexOf(two.severity))
}
