/** `millrace reset`: shows the plan, asks, carries it out. */
import { tmpdir } from 'node:os'
import { systemClock } from '../common/clock.ts'
import { parseDuration } from '../common/duration.ts'
import { nodeFileSystem } from '../common/node-file-system.ts'
import { CliError } from '../errors/cli-error.ts'
import { StreamsError } from '../errors/streams-error.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import { counted } from '../runtime/operations/counted.ts'
import { carryOutReset, resetPlanOnCluster } from '../runtime/operations/reset-on-cluster.ts'
import type { ResetOutcome, ResetRequest } from '../runtime/operations/reset-on-cluster.ts'
import { goesBeyond, heldSlots, isReset } from '../runtime/operations/reset-plan.ts'
import type { ResetMember, ResetPlan } from '../runtime/operations/reset-plan.ts'
import { parseOffsets, parseTimestamp } from '../runtime/operations/reset-target.ts'
import type { ResetTarget } from '../runtime/operations/reset-target.ts'
import { configDefaults } from '../runtime/streams-config.ts'
import { withClient } from './connection.ts'
import type { ConnectionOptions } from './connection.ts'
import { emit } from './output.ts'
import type { OutputFormat } from './output.ts'
import { oneLine } from './printable.ts'
import { confirm } from './prompt.ts'
import { resetText } from './reset-text.ts'
import { loadOperand } from './shape.ts'
import type { Operand } from './shape.ts'
import { readInputFile } from './small-file.ts'
import { print, say } from './terminal.ts'

export interface ResetOptions extends ConnectionOptions {
  readonly output: OutputFormat
  readonly toLatest?: boolean
  readonly toDatetime?: string
  readonly byDuration?: string
  readonly shiftBy?: number
  readonly toOffset?: number
  readonly fromFile?: string
  readonly inputTopics?: string
  readonly internalTopics?: string
  readonly keepState?: boolean
  readonly forceMembers?: boolean
  readonly dryRun?: boolean
  readonly confirm?: string
}

export async function resetCommand(file: string | undefined, options: ResetOptions): Promise<void> {
  const target = targetOf(options)
  const operand = await loadOperand(file, options)
  const use = (client: KafkaClient): Promise<void> => reset(requestOf(client, operand, target, options), options)
  const connection = { ...options, timeout: timeoutOf(options, operand) }
  await (operand.kafka === undefined
    ? withClient('reset', connection, use)
    : withClient('reset', connection, use, operand.kafka))
}

/** How long somebody thinks about the question is not limited; what is waited on purpose is not Kafka's time. */
function timeoutOf(
  { dryRun, confirm: given, timeout, forceMembers }: ResetOptions,
  operand: Operand,
): number | undefined {
  if (timeout === undefined || (dryRun !== true && given === undefined)) return undefined
  return forceMembers === true ? timeout + watchMsOf(operand) : timeout
}

/** Three heartbeats, of Kafka's clients (3 s) or of this application. */
function watchMsOf({ settings }: Operand): number {
  return Math.max(10_000, 3 * (settings.heartbeatIntervalMs ?? 0))
}

function requestOf(client: KafkaClient, operand: Operand, target: ResetTarget, options: ResetOptions): ResetRequest {
  const { applicationId, application, settings } = operand
  const stateDir = settings.stateDir ?? configDefaults('exactly_once', tmpdir()).stateDir
  return {
    client,
    applicationId,
    application: application?.shape,
    target,
    inputTopics: listOf(options.inputTopics),
    alsoInternal: listOf(options.internalTopics) ?? [],
    stateDir: options.keepState === true ? undefined : stateDir,
    fileSystem: nodeFileSystem,
    removal: options.forceMembers === true ? { clock: systemClock, watchMs: watchMsOf(operand) } : undefined,
  }
}

async function reset(request: ResetRequest, options: ResetOptions): Promise<void> {
  const { output, forceMembers = false } = options
  const shown = await resetPlanOnCluster(request)
  const planText = resetText(shown, forceMembers)
  const isText = output === 'text'
  // With JSON there is one document, at the end; who is asked must see the plan all the same.
  if (isText) await print(planText)
  requireStopped(shown, forceMembers ? shown.members : [])
  if (isReset(shown)) {
    if (isText) await print('nothing to do\n')
    else await emitOutcome(shown, undefined, options)
    return
  }
  if (options.dryRun === true) {
    if (!isText) await emitOutcome(shown, undefined, options)
    say('nothing was changed (--dry-run)')
    return
  }
  if (!isText && options.confirm === undefined) say(planText)
  const { applicationId } = request
  const what = `this starts '${applicationId}' over`
  await confirm({ what, expected: applicationId, given: options.confirm, flag: `--confirm ${applicationId}` })
  const plan = await planAgain(request, shown)
  if (plan.members.length > 0) say(watchText(plan, request))
  const outcome = await carryOutReset(request, plan)
  if (!isText) await emitOutcome(plan, outcome, options)
  if (outcome.failed !== undefined) throw partial(outcome)
  if (isText) await print(`done: ${outcome.done.join(', ')}\n`)
  say(adviceOf(plan))
}

/** While somebody thinks about the question instances may start, and topics come. */
async function planAgain(request: ResetRequest, shown: ResetPlan): Promise<ResetPlan> {
  const plan = await resetPlanOnCluster(request)
  requireStopped(plan, request.removal === undefined ? [] : shown.members)
  if (!goesBeyond(plan, shown)) return plan
  throw new CliError(
    'MILLRACE_PRECONDITION',
    `since the plan was shown there is more to delete for '${request.applicationId}', so nothing was changed; call reset again and look at the new plan`,
  )
}

function watchText({ members }: ResetPlan, { removal }: ResetRequest): string {
  const watchS = (removal?.watchMs ?? 0) / 1000
  return `ending ${counted(members.length, 'membership')}; who is alive after all joins again: watching for ${watchS} s`
}

/** Whoever runs would go on from where it is, and commit over what was set. `gone`: those that shall be removed. */
function requireStopped(plan: ResetPlan, gone: readonly ResetMember[]): void {
  const { applicationId } = plan
  const goneIds = new Set(gone.map(({ memberId }) => memberId))
  const members = plan.members.filter(({ memberId }) => !goneIds.has(memberId))
  if (members.length > 0) {
    const names = members.map(({ clientId, host, memberId }) => oneLine(`${clientId} at ${host} (${memberId})`))
    throw new CliError(
      'MILLRACE_PRECONDITION',
      `'${applicationId}' is running, so nothing was changed; stop ${members.length === 1 ? 'this instance' : `these ${members.length} instances`} first (one that was killed stays in the group until its session ends, or is removed with --force-members):\n  ${names.join('\n  ')}`,
    )
  }
  const held = heldSlots(plan)
  if (held.length === 0) return
  throw new CliError(
    'MILLRACE_PRECONDITION',
    `a running process holds local state of '${applicationId}', so nothing was changed; stop it first, or leave its state with --keep-state: ${held.join(', ')}`,
  )
}

function partial({ done, failed, remaining }: ResetOutcome): StreamsError {
  const reason = failed?.error instanceof Error ? failed.error.message : String(failed?.error)
  // Nothing has happened yet: then it is the error itself that counts.
  if (done.length === 0 && failed?.error instanceof StreamsError) return failed.error
  return new CliError(
    'MILLRACE_PARTIAL',
    `done: ${done.length === 0 ? 'nothing' : done.join(', ')}. Not done: ${remaining.join(', ')}, because: ${reason}\n  Call the same command again: it does the rest`,
    { cause: failed?.error },
  )
}

function adviceOf({ state }: ResetPlan): string {
  return state === null
    ? 'local state was kept: an instance that finds it will refuse it, since its changelogs are gone'
    : 'state on other machines stays there: remove it with millrace reset on each of them, before the application starts'
}

async function emitOutcome(
  plan: ResetPlan,
  outcome: ResetOutcome | undefined,
  { output, dryRun = false }: ResetOptions,
): Promise<void> {
  const { done = [], remaining = [] } = outcome ?? {}
  await emit(output, { document: { ...plan, dryRun, done, remaining }, text: () => '' })
}

function targetOf(options: ResetOptions): ResetTarget {
  const { toLatest, toDatetime, byDuration, shiftBy, toOffset, fromFile } = options
  if (toLatest === true) return { kind: 'latest' }
  if (shiftBy !== undefined) return { kind: 'shift', by: shiftBy }
  if (toOffset !== undefined) return { kind: 'offset', offset: toOffset }
  if (toDatetime !== undefined) return { kind: 'time', timestampMs: timestampOf(toDatetime) }
  if (byDuration !== undefined) return { kind: 'time', timestampMs: systemClock.now() - durationOf(byDuration) }
  if (fromFile !== undefined) return { kind: 'offsets', offsets: offsetsOf(fromFile) }
  return { kind: 'earliest' }
}

function timestampOf(text: string): number {
  const found = parseTimestamp(text)
  if (found !== undefined) return found
  throw new CliError(
    'MILLRACE_USAGE',
    `--to-datetime takes a time such as 2026-03-01T10:00:00Z (UTC where it names no zone), not '${text}'`,
  )
}

function durationOf(text: string): number {
  const found = parseDuration(text)
  if (found !== undefined && found >= 0) return found
  throw new CliError('MILLRACE_USAGE', `--by-duration takes a number with its unit: 30m, 12h, 7d; not '${text}'`)
}

function offsetsOf(file: string): Extract<ResetTarget, { kind: 'offsets' }>['offsets'] {
  let text: string
  try {
    text = readInputFile(file)
  } catch (error) {
    throw new CliError('MILLRACE_USAGE', `--from-file ${file} cannot be read: ${(error as Error).message}`)
  }
  const parsed = parseOffsets(text)
  if ('offsets' in parsed) return parsed.offsets
  throw new CliError('MILLRACE_INPUT_INVALID', `${file}, line ${parsed.line}: ${parsed.problem}`)
}

function listOf(text: string | undefined): readonly string[] | undefined {
  const names = text?.split(',').map((name) => name.trim())
  return names?.filter((name) => name !== '')
}
