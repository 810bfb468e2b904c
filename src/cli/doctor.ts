/** `millrace doctor`: which checks are made of what was given, and how their results are told. */
import { tmpdir } from 'node:os'
import { systemClock } from '../common/clock.ts'
import { nodeFileSystem } from '../common/node-file-system.ts'
import { CliError } from '../errors/cli-error.ts'
import { StreamsError } from '../errors/streams-error.ts'
import type { KafkaClient } from '../kafka/client/kafka-client.ts'
import type { StreamsConfig } from '../processor/streams-config.ts'
import { applicationChecks } from '../runtime/operations/application-checks.ts'
import { clockChecks } from '../runtime/operations/clock-check.ts'
import { clusterChecks } from '../runtime/operations/cluster-checks.ts'
import { examine } from '../runtime/operations/doctor.ts'
import type { Check, CheckResult, CheckStatus, DoctorReport } from '../runtime/operations/doctor.ts'
import { machineChecks } from '../runtime/operations/machine-checks.ts'
import { configDefaults } from '../runtime/streams-config.ts'
import { withUnconnectedClient } from './connection.ts'
import type { ConnectionOptions } from './connection.ts'
import { stderrLogger } from './log.ts'
import { emit } from './output.ts'
import type { OutputFormat } from './output.ts'
import { loadSettings, moduleFile } from './settings.ts'
import { loadShape } from './shape.ts'
import type { ShapedApplication } from './shape.ts'
import { styled } from './style.ts'
import type { Style } from './style.ts'
import { print } from './terminal.ts'
import { paragraph } from './wrap.ts'

export interface DoctorOptions extends ConnectionOptions {
  readonly output: OutputFormat
}

interface Subject {
  readonly application: ShapedApplication | undefined
  readonly applicationId: string | undefined
  readonly kafka: StreamsConfig['kafka'] | undefined
  readonly config: Partial<StreamsConfig>
}

export async function doctorCommand(file: string | undefined, options: DoctorOptions): Promise<void> {
  const subject = await subjectOf(file, options)
  if (subject.kafka === undefined) return examineAll(subject, undefined, options)
  // What does not work is a check that fails, which says so.
  const logger = stderrLogger(options.verbose === true ? 'debug' : 'error')
  await withUnconnectedClient(
    'doctor',
    options,
    (client) => examineAll(subject, client, options),
    subject.kafka,
    logger,
  )
}

async function subjectOf(file: string | undefined, options: DoctorOptions): Promise<Subject> {
  const settings = loadSettings(options)
  const { kafka, applicationId } = settings.config
  if (file === undefined && moduleFile(settings) === undefined) {
    return { application: undefined, applicationId, kafka, config: settings.config }
  }
  const application = await loadShape(file, options, { needsKafka: false })
  const { config } = application
  return { application, applicationId: config.applicationId, kafka: application.kafka, config }
}

async function examineAll(subject: Subject, client: KafkaClient | undefined, { output }: DoctorOptions): Promise<void> {
  const isText = output === 'text'
  const printing: Promise<void>[] = []
  // Each as soon as it is known: some wait for brokers.
  const report = await examine(checksOf(subject, client), (result) => {
    if (isText) printing.push(print(lineOf(result)))
  })
  await Promise.all(printing)
  if (isText) await print(summaryOf(report))
  else await emit(output, { document: report, rows: report.checks, text: () => '' })
  throwOnFailure(report)
}

function checksOf({ application, applicationId, config }: Subject, client: KafkaClient | undefined): Check[] {
  const complete = { ...configDefaults(config.processingGuarantee ?? 'exactly_once', tmpdir()), ...config }
  return [
    ...machineChecks({
      nodeVersion: process.versions.node,
      stateDir: complete.stateDir,
      isStateDirGiven: complete.stateDir !== configDefaults('exactly_once', tmpdir()).stateDir,
      applicationId,
      budgetBytes: complete.cacheMaxBytes + complete.uncommittedMaxBytes + complete.inputBufferMaxBytes,
      fileSystem: nodeFileSystem,
    }),
    ...clusterChecks({ client, config: complete }),
    ...clockChecks({ client, clock: systemClock }),
    ...applicationChecks({
      client,
      clock: systemClock,
      applicationId,
      application: application?.shape,
      isTransactional: complete.processingGuarantee === 'exactly_once',
    }),
  ]
}

/** No connection is another exit code than something that is wrong behind it. */
function throwOnFailure({ checks }: DoctorReport): void {
  const failed = checks.filter(({ status }) => status === 'fail')
  if (failed.length === 0) return
  const connection = failed.find(({ id, code }) => id === 'connection' && code !== null)
  if (connection?.code !== undefined && connection.code !== null) {
    throw new StreamsError(connection.code, 'there is no connection to Kafka; the check says why')
  }
  const names = failed.map(({ id }) => id).join(', ')
  throw new CliError('MILLRACE_CHECK_FAILED', `${failed.length} of ${checks.length} checks failed: ${names}`)
}

// --- for people -----------------------------------------------------------------------------------------------------

const signs: Readonly<Record<CheckStatus, readonly [string, Style]>> = {
  ok: ['ok     ', 'good'],
  warn: ['warn   ', 'warning'],
  fail: ['fail   ', 'bad'],
  skipped: ['skipped', 'quiet'],
}

function lineOf({ title, status, detail, fix }: CheckResult): string {
  const [sign, style] = signs[status]
  const todo = fix === null || status === 'ok' ? '' : `\n         ${styled('heading', 'to do:')} ${fix}`
  const text = `${styled(style, sign)}  ${styled('heading', title)}: ${detail}${todo}`
  return `${paragraph(text, 9)}\n`
}

function summaryOf({ summary }: DoctorReport): string {
  const counts = (['fail', 'warn', 'ok', 'skipped'] as const)
    .filter((status) => summary[status] > 0)
    .map((status) => styled(signs[status][1], `${summary[status]} ${status}`))
  return `\n${counts.join(', ')}\n`
}
