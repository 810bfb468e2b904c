/** `millrace doctor`, in this process: which checks are made of what was given, and what they are told. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { doctorCommand } from '../../../src/cli/doctor.ts'
import type { DoctorOptions } from '../../../src/cli/doctor.ts'
import type { CheckResult } from '../../../src/runtime/operations/doctor.ts'
import { EmbeddedKafka } from '../../../src/testing/embedded-kafka.ts'
import { printed } from '../../support/standard-output.ts'
import { countTopology } from '../../support/test-kit-suite.ts'

// A local disk with room, whatever this machine has.
vi.mock(import('node:fs/promises'), async (original) => ({
  ...(await original()),
  statfs: (async () => ({ type: 0xef53, bsize: 4096, blocks: 1e9, bavail: 1e9 })) as unknown as typeof statfs,
}))

let folder: string
let kafka: EmbeddedKafka

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-doctor-'))
  Object.assign(globalThis, { topologyToExamine: () => countTopology('in', 'out') })
  kafka = await EmbeddedKafka.start({ listen: true, config: { autoCreateTopics: false } })
  for (const name of ['in', 'out']) await kafka.createTopic(name)
  vi.spyOn(process, 'cwd').mockReturnValue(folder)
  vi.stubEnv('HOME', folder)
  vi.stubEnv('NO_COLOR', '1')
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  await kafka.close()
  rmSync(folder, { recursive: true, force: true })
})

function moduleWith(config: string): string {
  const file = path.join(folder, `app-${config.length}.mjs`)
  writeFileSync(file, `export default { applicationId: 'app', build: globalThis.topologyToExamine, config: ${config} }`)
  return file
}

type Options = Partial<DoctorOptions> & { readonly applicationId?: string; readonly stateDir?: string }

const run = (file: string | undefined, options: Options): Promise<string> =>
  printed(() =>
    doctorCommand(file, {
      output: 'json',
      brokers: kafka.brokers.join(','),
      timeout: 30_000,
      ...options,
    }).catch(() => undefined),
  )

async function checked(file?: string, options: Options = {}): Promise<ReadonlyMap<string, CheckResult>> {
  const { checks } = JSON.parse(await run(file, options)) as { readonly checks: readonly CheckResult[] }
  return new Map(checks.map((check) => [check.id, check]))
}

describe('millrace doctor', () => {
  it('looks at a group by its id alone, and at the module that the project file names', async () => {
    const byId = await checked(undefined, { applicationId: 'app' })
    expect(byId.get('group')).toMatchObject({ status: 'ok', detail: expect.stringContaining("'app'") })
    expect(byId.get('topics')).toMatchObject({ status: 'skipped' })
    writeFileSync(path.join(folder, 'millrace.json'), JSON.stringify({ module: path.basename(moduleWith('{}')) }))
    expect((await checked()).get('topics')).toMatchObject({ status: 'ok' })
  })

  it('knows whether the state directory was given', async () => {
    // The default may be there already, and another user's.
    vi.stubEnv('TMPDIR', folder)
    expect((await checked()).get('state-dir')?.detail).toContain('it is the default')
    const given = await checked(undefined, { stateDir: path.join(folder, 'state') })
    expect(given.get('state-dir')).toMatchObject({ status: 'ok' })
  })

  it('weighs each of the three budgets against the memory', async () => {
    for (const key of ['cacheMaxBytes', 'uncommittedMaxBytes', 'inputBufferMaxBytes']) {
      const found = await checked(moduleWith(`{ ${key}: ${2 ** 50} }`))
      expect(found.get('memory')).toMatchObject({ status: 'warn', detail: expect.stringContaining('MiB together') })
    }
  })

  it('asks for the right to transactional ids where there are transactions', async () => {
    const match = { api: 'DescribeTransactions', clientId: 'millrace-doctor', times: 10 } as const
    kafka['~kafka'].controls.alterAnswer(match, (answer) => {
      for (const state of (answer as { transactionStates: { errorCode: number }[] }).transactionStates) {
        state.errorCode = 53
      }
      return answer
    })
    const exactly = await checked(moduleWith('{}'))
    expect(exactly.get('permissions')?.fix).toContain('--transactional-id app-')
    const atLeast = await checked(moduleWith("{ processingGuarantee: 'at_least_once' }"))
    expect(atLeast.get('permissions')).toMatchObject({ status: 'ok' })
  })

  it('has a row for each check', async () => {
    const rows = (await run(undefined, { output: 'jsonl' })).trimEnd().split('\n')
    expect(rows.map((row) => (JSON.parse(row) as CheckResult).id)).toEqual([...(await checked()).keys()])
  })
})
