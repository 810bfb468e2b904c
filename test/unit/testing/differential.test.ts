import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { difference } from '../../differential/compare.ts'
import { remembers, run } from '../../differential/outcome.ts'
import type { Outcome, Program } from '../../differential/program.ts'
import { written } from '../../differential/report.ts'

// Programs of the differential test (test/differential) with what Java did, recorded: they need no Java.

const file = new URL('../../testdata/differential/programs.json', import.meta.url)
const recorded = JSON.parse(readFileSync(file, 'utf8')) as { readonly program: Program; readonly outcome: Outcome }[]

test.each(recorded)('random program $program.seed does what it does on Kafka Streams', ({ program, outcome }) => {
  expect(difference(outcome, run(program), program.config.cache > 0), written(program)).toBeUndefined()
})

const lasting = recorded.filter(({ program }) => !remembers(program))

test.each(lasting)('random program $program.seed does the same when it crashes after every step', (one) => {
  const { program, outcome } = one
  expect(
    difference(outcome, run(program, { crashes: true }), program.config.cache > 0),
    written(program),
  ).toBeUndefined()
})
