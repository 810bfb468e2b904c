/** What the type of an error tells who catches it. Checked by tsc; there is nothing to run. */
import { describe, expectTypeOf, test } from 'vitest'
import { ConfigError, SerdeError, StreamsError, type ErrorCode } from '../../src/index.ts'

declare const caught: unknown

describe('errors', () => {
  test('have one of the known codes', () => {
    if (!(caught instanceof StreamsError)) return
    expectTypeOf(caught.code).toEqualTypeOf<ErrorCode>()
    expectTypeOf(caught.message).toEqualTypeOf<string>()
    // @ts-expect-error there is no such code
    if (caught.code === 'MILLRACE_TOPICS_NOT_COPARTITOINED') return
    expectTypeOf<'MILLRACE_TOPICS_NOT_COPARTITIONED'>().toExtend<ErrorCode>()
    expectTypeOf<'MILLRACE_CONNECTION_REFUSED'>().toExtend<ErrorCode>()
    expectTypeOf<'MILLRACE_SOMETHING'>().not.toExtend<ErrorCode>()
  })

  test('of one class have the codes of that class', () => {
    if (caught instanceof ConfigError) expectTypeOf(caught.code).toExtend<`MILLRACE_CONFIG_${string}`>()
    if (caught instanceof SerdeError) expectTypeOf(caught).toExtend<StreamsError>()
  })
})
