import { describe, expect, it } from 'vitest'
import { KafkaError } from '../../../../src/errors/kafka-error.ts'
import type { ControllerTime } from '../../../../src/kafka/client/admin-types.ts'
import type { KafkaClient } from '../../../../src/kafka/client/kafka-client.ts'
import { clockChecks } from '../../../../src/runtime/operations/clock-check.ts'
import { examine } from '../../../../src/runtime/operations/doctor.ts'
import type { CheckResult } from '../../../../src/runtime/operations/doctor.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** The answer takes `tookMs`, and has been written by a clock that is `skewMs` ahead of this one, half-way. */
async function checked(skewMs: number, tookMs = 40): Promise<CheckResult | undefined> {
  const clock = new ManualClock()
  return checkedWith(clock, async () => {
    const nowMs = clock.now() + tookMs / 2 + skewMs
    await clock.advance(tookMs)
    return { controllerId: 3, nowMs }
  })
}

async function checkedWith(
  clock: ManualClock,
  controllerTime: () => Promise<ControllerTime | undefined>,
): Promise<CheckResult | undefined> {
  const client = { admin: { cluster: { controllerTime } } } as unknown as KafkaClient
  const check = clockChecks({ client, clock }).map((one) => ({ ...one, needs: [] }))
  return (await examine(check)).checks[0]
}

describe('The clock', () => {
  it('is fine within what can be measured, and says how exact that is', async () => {
    const detail = 'this machine and the controller (node 3) differ by less than 50 ms'
    expect(await checked(0)).toMatchObject({ id: 'clock', status: 'ok', detail, fix: null })
    expect(await checked(20)).toMatchObject({ status: 'ok', detail })
    expect(await checked(-20)).toMatchObject({ status: 'ok', detail })
    expect(await checked(120)).toMatchObject({ status: 'ok', detail: expect.stringContaining('less than 150 ms') })
  })

  it.each([
    [5020, 'this machine is 5.0 s behind the controller (node 3)'],
    [-5020, 'this machine is 5.0 s ahead of the controller (node 3)'],
    [7_200_020, 'this machine is 7200.0 s behind the controller (node 3)'],
  ])('is a warning when it is off by %i ms', async (skewMs, detail) => {
    expect(await checked(skewMs)).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining(detail),
      fix: expect.stringContaining('NTP'),
    })
    expect(await checked(skewMs > 0 ? 5019 : -5019)).toMatchObject({ status: 'ok' })
  })

  it('takes no slow answer for a wrong clock', async () => {
    expect(await checked(0, 20_000)).toMatchObject({ status: 'ok' })
    expect(await checked(9000, 20_000)).toMatchObject({ status: 'ok' })
  })

  it('fails when it is so far ahead that Kafka refuses its records', async () => {
    expect(await checked(-3_600_020)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('message.timestamp.after.max.ms'),
    })
    expect(await checked(-3_600_019)).toMatchObject({ status: 'warn' })
  })

  it('is not judged where the cluster does not tell, or not to everybody; another error is one', async () => {
    const clock = new ManualClock()
    expect(await checkedWith(clock, async () => undefined)).toMatchObject({
      status: 'skipped',
      detail: expect.stringContaining('Kafka 3.3'),
    })
    const fails = (code: 'MILLRACE_KAFKA_AUTHORIZATION' | 'MILLRACE_KAFKA_UNREACHABLE') =>
      checkedWith(clock, () => Promise.reject(new KafkaError(code, 'no')))
    expect(await fails('MILLRACE_KAFKA_AUTHORIZATION')).toMatchObject({
      status: 'skipped',
      detail: expect.stringContaining('Describe on the cluster'),
      code: null,
    })
    expect(await fails('MILLRACE_KAFKA_UNREACHABLE')).toMatchObject({
      status: 'fail',
      code: 'MILLRACE_KAFKA_UNREACHABLE',
    })
  })

  it('is not looked at without brokers', () => {
    expect(clockChecks({ client: undefined, clock: new ManualClock() })).toEqual([])
  })
})
