/**
 * `npm run kill-test`: instances are killed while they count, and the counts stay exact. Prints figures. Exit code 1 for
 * violations, 2 where nothing was tested.
 */
import { showSpread, seconds } from './figures.ts'
import { whatJavaLacks } from './java.ts'
import { parseCommandLine, replayCommand, usage } from './options.ts'
import type { CommandLine } from './options.ts'
import { describeRecovery, measureRecovery, tooSlow } from './recovery.ts'
import { runKillTest } from './run.ts'
import type { KillReport } from './run.ts'
import { whatRealKafkaLacks } from '../support/real-kafka.ts'

const nothingTested = 2

export async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(usage)
    return 0
  }
  const command = parseCommandLine(args, Date.now())
  const lacks = command.broker === 'kafka' ? await whatRealKafkaLacks() : undefined
  if (lacks !== undefined) {
    console.log(lacks)
    return nothingTested
  }
  if (command.runs === 0) {
    console.log('--runs 0: nothing was tested')
    return nothingTested
  }
  if (command.restartBroker && command.broker === 'embedded') {
    console.log('no broker restart: the embedded broker keeps its data in memory only')
  }
  const javaLacks = command.java ? await whatJavaLacks(command.topology) : undefined
  if (javaLacks !== undefined) console.log(javaLacks)
  return await runAll(command, command.java && javaLacks === undefined)
}

async function runAll(command: CommandLine, withJava: boolean): Promise<number> {
  let failed = 0
  for (let run = 0; run < command.runs; run++) {
    const restartBroker = command.restartBroker && command.broker === 'kafka'
    const options = { ...command, seed: command.seed + run, restartBroker }
    for (const app of withJava ? (['millrace', 'java'] as const) : (['millrace'] as const)) {
      const isClean = await runOne({ ...options, app })
      // Java is there to be compared with.
      if (!isClean && app === 'millrace') failed++
    }
  }
  if (command.runs > 1) console.log(`${command.runs - failed} of ${command.runs} runs clean`)
  return failed === 0 ? 0 : 1
}

async function runOne(command: CommandLine): Promise<boolean> {
  try {
    return await runAndPrint(command)
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? `: ${String(error.cause)}` : ''
    console.log(`FAILED: ${command.app} on ${command.broker}, seed ${command.seed}: ${String(error)}${cause}`)
    console.log(`  replay: ${replayCommand(command)}`)
    return false
  }
}

async function runAndPrint(command: CommandLine): Promise<boolean> {
  if (command.recovery > 0) {
    const report = await measureRecovery(command, command.recovery)
    console.log(describeRecovery(report))
    return report.violations.length + tooSlow(report).length === 0
  }
  const report = await runKillTest(command)
  console.log(describeReport(report))
  return report.violations.length === 0
}

export function describeReport(report: KillReport): string {
  const { options, kills, violations } = report
  const during = ['running', 'restoring', 'starting', 'dead'].map(
    (doing) => `${kills.filter((kill) => kill.during === doing).length} ${doing}`,
  )
  return [
    `${violations.length === 0 ? 'clean' : 'VIOLATED'}: ${options.app} on ${options.broker}, ${options.topology}, ${options.guarantee}, seed ${options.seed}: ${report.records} records, ${kills.length} kills (${during.join(', ')}), ${report.seconds.toFixed(1)} s`,
    `  process start to its tasks running: ${showSpread(report.recovery)}`,
    `  longest silence of an output partition after a blow: ${showSpread(report.silence)}`,
    `  caught up ${seconds(report.catchUpMs)} after the last record; a transaction was open for at most ${seconds(report.longestOpenMs)}`,
    ...(options.guarantee === 'at_least_once'
      ? [
          `  ${report.repeats} updates repeated or fell; counts are above the truth by ${report.excess}, below it by ${report.shortfall}`,
        ]
      : []),
    ...(options.zombie ? [`  sleepers that owned tasks: ${report.sleepersJudged}`] : []),
    ...violations.map((violation) => `  VIOLATION ${violation}`),
    ...(violations.length > 0 ? [`  replay: ${replayCommand(options)}`] : []),
    ...(report.logs === undefined ? [] : [`  logs: ${report.logs}`]),
  ].join('\n')
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
