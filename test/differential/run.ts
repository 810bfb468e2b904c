/**
 * The differential test: random topologies with random records on Java's Kafka Streams and on millrace, everything that
 * both do compared. Needs a JDK, and the jars of Kafka Streams (see test/support/java-streams.ts).
 *
 *     node test/differential/run.ts --seeds 5000 [--from 1] [--max-failures 5] [--only streamJoin,suppress] [--no-shrink] [--no-headers] [--crashes]
 *     node test/differential/run.ts --record test/testdata/differential/programs.json --seeds 100
 *
 * Prints what differs, with the smallest program that shows it. `--only`: programs without any of these calls are passed
 * over. `--crashes`: millrace crashes after every step. `--record` writes short programs with what Java did, which test/unit/testing/differential.test.ts runs without it.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { compileJava, whatJavaStreamsLacks } from '../support/java-streams.ts'
import { compareSeeds, type Comparison } from './compare-seeds.ts'
import { javaSources, JavaSide } from './java-side.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    'max-failures': { type: 'string', default: '5' },
    only: { type: 'string' },
    'no-shrink': { type: 'boolean', default: false },
    'no-headers': { type: 'boolean', default: false },
    crashes: { type: 'boolean', default: false },
    record: { type: 'string' },
  },
})

const recordedBytesMax = 8000

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

const missing = await whatJavaStreamsLacks()
if (missing !== undefined) {
  say(missing)
  process.exit(2)
}
const java = new JavaSide(await compileJava(javaSources))
const comparison: Comparison = {
  java,
  from: Number(values.from),
  seeds: Number(values.seeds),
  failuresMax: Number(values['max-failures']),
  shrinks: !values['no-shrink'],
  only: values.only?.split(',') ?? [],
  headers: !values['no-headers'],
  crashes: values.crashes,
  onFailure: (text) => say(`\nDIFFERS  ${text}`),
  onProgress: say,
}
const { equal, refused, skipped, failed, recorded } = await compareSeeds(comparison)
await java[Symbol.asyncDispose]()
if (values.record !== undefined) {
  // Long ones show nothing that short ones do not.
  const lines = recorded.map((one) => JSON.stringify(one)).filter((line) => line.length <= recordedBytesMax)
  writeFileSync(values.record, `[\n${lines.join(',\n')}\n]\n`)
}
say(`${equal} equal (of which ${refused} are refused by both), ${failed.length} differ: ${failed.join(' ')}`)
for (const [why, count] of skipped) say(`  skipped ${count}: ${why}`)
process.exit(failed.length === 0 ? 0 : 1)
