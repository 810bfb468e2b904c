/** Instances for people: what a table and the notes below it say of each. */
import { describe, expect, it } from 'vitest'
import type { FoundApplication, FoundInstance } from '../../../src/cli/instances.ts'
import { statusText } from '../../../src/cli/status-text.ts'
import type { InstanceListing } from '../../../src/runtime/operations/application-status.ts'
import type { StreamsStatus } from '../../../src/runtime/streams-status.ts'

const nowMs = 1_000_000

type Status = StreamsStatus

const listing: InstanceListing = {
  memberId: 'member-1',
  instanceId: undefined,
  clientId: 'app-client',
  connectedFrom: '/10.0.0.1',
  isOurs: true,
  host: 'machine',
  processId: '0123456789abcdef',
  startedAtMs: nowMs - 90_000,
  directory: '/var/state/app/0',
  http: '10.0.0.1:8080',
  topologyFingerprint: undefined,
  tasks: ['0_0', '0_1'],
  localTasks: [],
  error: undefined,
}

const status = {
  applicationId: 'app',
  state: 'RUNNING',
  uptimeMs: 3_600_000,
  threads: [{ taskIds: ['1_0'] }, { taskIds: ['1_1', '1_2'] }],
  tasks: { running: 3, restoring: 0, assigned: 0 },
  restore: { remaining: 0, etaMs: 0 },
  lag: 4321,
  lastCommitAgeMs: 5000,
  errors: { total: 0, last: null },
  process: { rssBytes: 200 * 1024 * 1024, eventLoopDelayP99Ms: 12.4 },
} as unknown as Status

function text(
  instances: readonly Partial<FoundInstance>[],
  about: Partial<FoundApplication> = {},
  isVerbose = false,
): string {
  const complete = instances.map((one) => ({ listing, status, problem: null, http: '10.0.0.1:8080', ...one }))
  return statusText({ applicationId: 'app', groupState: 'Stable', instances: complete, ...about }, nowMs, isVerbose)
}

/** Cells of the row of the only instance. */
function row(instance: Partial<FoundInstance>): string[] {
  return text([instance]).split('\n')[3]?.split(/ {2,}/) ?? []
}

describe('The head', () => {
  it.each([
    ['Stable', 'app Stable; instances: 1, tasks: 2\n'],
    ['Empty', 'app is not running (its group is empty); instances: 1'],
    ['Dead', 'app has no group: it has not run yet, or its offsets have expired; '],
    ['PreparingRebalance', 'app PreparingRebalance; '],
    ['not asked', 'app; instances: 1'],
  ])('of a group that is %s says so', (groupState, head) => {
    expect(text([{}], { groupState })).toContain(head)
  })

  it('counts tasks of instances that were asked without Kafka, too', () => {
    expect(text([{}, { listing: null }])).toContain('instances: 2, tasks: 5\n')
    expect(text([])).toBe('app Stable\n')
  })
})

describe('The row of an instance', () => {
  it('has what its status server tells', () => {
    expect(text([{}])).toMatch(/\nINSTANCE +STATE +TASKS +LAG +COMMIT +UP +RSS +LOOP P99 +ERRORS +HTTP\n/)
    expect(row({})).toEqual([
      'machine/01234567',
      'RUNNING',
      '2',
      '4,321',
      '5.0 s ago',
      '1 h',
      '200 MiB',
      '12 ms',
      '0',
      '10.0.0.1:8080',
    ])
  })

  it('has what the group knows where no status server tells', () => {
    const silent = ['-', '2', '-', '-', '2 min', '-', '-', '-', '10.0.0.1:8080']
    expect(row({ status: null })).toEqual(['machine/01234567', ...silent])
  })

  it('is named by its instance id, or by the address that was asked', () => {
    expect(text([{ listing: { ...listing, instanceId: 'blue-1' } }])).toMatch(/\nblue-1 /)
    expect(text([{ listing: null }])).toMatch(/\n10\.0\.0\.1:8080 /)
  })

  it('tells how many of its tasks do not run yet, and of no commit where there was none', () => {
    const waiting = { ...status, tasks: { running: 0, restoring: 1, assigned: 1 }, lastCommitAgeMs: null } as Status
    expect(text([{ status: waiting }])).toContain(' 2 (2 restoring) ')
    expect(text([{ status: waiting }])).not.toContain(' ago')
  })
})

describe('Notes', () => {
  it('say why there is no status, why it was told to stop, what is restored, and the last error', () => {
    const last = { at: '2026-01-01T00:00:00Z', code: 'MILLRACE_X', message: 'it failed' }
    const notes = text([
      { status: null, problem: 'nothing listens there' },
      {
        listing: { ...listing, instanceId: 'two', error: { code: 'MILLRACE_Y', message: 'another topology' } },
      },
      { status: { ...status, restore: { remaining: 12_345, etaMs: 61_000 } } },
      { status: { ...status, restore: { remaining: 7, etaMs: null } } },
      { status: { ...status, errors: { total: 3, last } } as unknown as Status },
    ])
      .split('\n\n')[2]
      ?.trimEnd()
      .split('\n')
    expect(notes).toEqual([
      'machine/01234567: nothing listens there',
      'two: told to stop: MILLRACE_Y: another topology',
      expect.stringMatching(/^machine\/01234567: restores 12,345 records, .* left$/),
      'machine/01234567: restores 7 records',
      'machine/01234567: last error 2026-01-01T00:00:00Z: MILLRACE_X: it failed',
    ])
  })

  it.each([
    [
      { code: 'MILLRACE_X', message: null, taskId: '0_1', topic: 'in', partition: 1, offset: 7, action: 'skip' },
      'MILLRACE_X: in-1@7, skip',
    ],
    [{ code: null, message: null, taskId: '0_1', topic: null, action: null }, 'not one of millrace: 0_1'],
    [{ code: 'MILLRACE_X', message: null, topic: 'out', partition: null, offset: null }, 'MILLRACE_X: out'],
    [{ code: 'MILLRACE_X', message: null, topic: 'out', partition: 0, offset: null }, 'MILLRACE_X: out-0'],
    // As an instance of another version may say it.
    [{ code: 'MILLRACE_X', message: null }, 'MILLRACE_X'],
  ])('say of an error what there is to say: %o', (known, said) => {
    const last = { at: '2026-01-01T00:00:00Z', ...known }
    expect(text([{ status: { ...status, errors: { total: 1, last } } as unknown as Status }])).toContain(
      `: last error 2026-01-01T00:00:00Z: ${said}\n`,
    )
  })

  it('are more with --verbose, and none without need', () => {
    expect(text([{}]).split('\n\n')).toHaveLength(2)
    expect(text([{ listing: { ...listing, localTasks: ['9_9'] } }], {}, true)).toMatch(
      /tasks 0_0 0_1\n.*member member-1, connected from \/10\.0\.0\.1\n.*state in \/var\/state\/app\/0\n.*others run: 9_9\n$/,
    )
    expect(text([{ listing: { ...listing, tasks: [] } }], {}, true)).toMatch(/tasks none\n/)
    expect(text([{ listing: null }], {}, true)).toMatch(/tasks 1_0 1_1 1_2\n$/)
  })
})
