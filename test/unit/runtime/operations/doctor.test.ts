import { describe, expect, it } from 'vitest'
import { RuntimeError } from '../../../../src/errors/runtime-error.ts'
import { examine } from '../../../../src/runtime/operations/doctor.ts'
import type { Check } from '../../../../src/runtime/operations/doctor.ts'

const check = (id: string, run: Check['run'], needs: readonly string[] = []): Check => ({ id, title: id, needs, run })

describe('An examination', () => {
  it('tells of each check as it is known, and sums up', async () => {
    const told: string[] = []
    const report = await examine(
      [
        check('one', async () => ({ status: 'ok', detail: 'fine' })),
        check('two', async () => ({ status: 'warn', detail: 'so so', fix: 'better it' })),
        check('three', async () => ({ skipped: 'not here' })),
      ],
      ({ id, status }) => told.push(`${id} ${status}`),
    )
    expect(told).toEqual(['one ok', 'two warn', 'three skipped'])
    expect(report.checks[1]).toEqual({
      id: 'two',
      title: 'two',
      status: 'warn',
      detail: 'so so',
      fix: 'better it',
      code: null,
    })
    expect(report.summary).toEqual({ ok: 1, warn: 1, fail: 0, skipped: 1 })
  })

  it('makes of an error a check that failed, with its code, and goes on', async () => {
    const { checks } = await examine([
      check('one', async () => {
        throw new RuntimeError('MILLRACE_TIMEOUT', 'nobody came')
      }),
      check('two', async () => {
        throw new Error('out of ink')
      }),
      check('three', async () => ({ status: 'ok', detail: 'fine' })),
    ])
    expect(checks).toMatchObject([
      { status: 'fail', detail: 'nobody came', code: 'MILLRACE_TIMEOUT', fix: 'millrace explain MILLRACE_TIMEOUT' },
      { status: 'fail', detail: 'out of ink', code: null },
      { status: 'ok' },
    ])
  })

  it('skips what needs a check that failed, was skipped, or itself could not be made', async () => {
    const fine: Check['run'] = async () => ({ status: 'ok', detail: 'fine' })
    const { checks } = await examine([
      check('bad', async () => ({ status: 'fail', detail: 'broken' })),
      check('after', fine, ['bad']),
      check('last', fine, ['after']),
      check('warned', async () => ({ status: 'warn', detail: 'well' })),
      check('anyway', fine, ['warned']),
    ])
    expect(checks.map(({ id, status, detail }) => [id, status, detail])).toEqual([
      ['bad', 'fail', 'broken'],
      ['after', 'skipped', "the check 'bad' failed"],
      ['last', 'skipped', "the check 'after' was skipped"],
      ['warned', 'warn', 'well'],
      ['anyway', 'ok', 'fine'],
    ])
  })
})
