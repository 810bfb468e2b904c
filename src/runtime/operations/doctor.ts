/**
 * Checks of what an application needs around it: each says what it looked at, what it found, and how to cure it. A check
 * that cannot be made because another one failed is skipped, with the reason. Nothing is changed by any of them.
 */
import { StreamsError } from '../../errors/streams-error.ts'

export type CheckStatus = 'ok' | 'warn' | 'fail' | 'skipped'

export interface CheckResult {
  /** Stable: `brokers`, `topics`. */
  readonly id: string
  readonly title: string
  readonly status: CheckStatus
  readonly detail: string
  /** What to do; null where nothing has to be done. */
  readonly fix: string | null
  /** Of the error that the check ended with, if it did. */
  readonly code: StreamsError['code'] | null
}

export interface Finding {
  readonly status: Exclude<CheckStatus, 'skipped'>
  readonly detail: string
  readonly fix?: string
}

export interface Check {
  readonly id: string
  readonly title: string
  /** Checks that must not have failed or been skipped. */
  readonly needs?: readonly string[]
  /** Undefined: it does not apply here, with why. */
  readonly run: () => Promise<Finding | { readonly skipped: string }>
}

export interface DoctorReport {
  readonly checks: readonly CheckResult[]
  readonly summary: Readonly<Record<CheckStatus, number>>
}

/** One after the other, in their order; `onResult` is told of each as soon as it is known. */
export async function examine(
  checks: readonly Check[],
  onResult: (result: CheckResult) => void = () => undefined,
): Promise<DoctorReport> {
  const results = new Map<string, CheckResult>()
  for (const check of checks) {
    const result = await resultOf(check, results)
    results.set(check.id, result)
    onResult(result)
  }
  const all = [...results.values()]
  const count = (status: CheckStatus): number => all.filter((result) => result.status === status).length
  return {
    checks: all,
    summary: { ok: count('ok'), warn: count('warn'), fail: count('fail'), skipped: count('skipped') },
  }
}

async function resultOf(
  { id, title, needs = [], run }: Check,
  before: ReadonlyMap<string, CheckResult>,
): Promise<CheckResult> {
  const missing = needs
    .map((need) => before.get(need))
    .find((result) => result?.status === 'fail' || result?.status === 'skipped')
  if (missing !== undefined) {
    const reason = missing.status === 'fail' ? 'failed' : 'was skipped'
    return { id, title, status: 'skipped', detail: `the check '${missing.id}' ${reason}`, fix: null, code: null }
  }
  try {
    const found = await run()
    if ('skipped' in found) return { id, title, status: 'skipped', detail: found.skipped, fix: null, code: null }
    return { id, title, status: found.status, detail: found.detail, fix: found.fix ?? null, code: null }
  } catch (error) {
    return { id, title, ...failureOf(error) }
  }
}

/** Of what a broker or the system refused; without the stack, the message says what to do. */
function failureOf(error: unknown): Pick<CheckResult, 'status' | 'detail' | 'fix' | 'code'> {
  if (!(error instanceof StreamsError)) {
    return { status: 'fail', detail: error instanceof Error ? error.message : String(error), fix: null, code: null }
  }
  return { status: 'fail', detail: error.message, fix: `millrace explain ${error.code}`, code: error.code }
}
