import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeMessage, encodeMessage } from '../../../../src/kafka/protocol/codec.ts'
import { messageSpecs, versionsOf } from '../../../support/kafka-messages.ts'

interface Recorded {
  readonly message: string
  readonly version: number
  /** Hex. */
  readonly bytes: string
  readonly value: Readonly<Record<string, unknown>>
}

const path = new URL('../../../testdata/java-messages.json', import.meta.url)
const recorded = JSON.parse(readFileSync(path, 'utf8'), revive) as readonly Recorded[]

function revive(_key: string, value: unknown): unknown {
  const isBytes = typeof value === 'object' && value !== null && '$bytes' in value
  return isBytes ? Buffer.from(value.$bytes as string, 'hex') : value
}

describe('messages as recorded from the Java client', () => {
  for (const spec of messageSpecs) {
    const cases = recorded.filter((one) => one.message === spec.name)
    it(`${spec.name} has the same bytes in every version, written and read`, () => {
      for (const version of versionsOf(spec)) {
        const ofVersion = cases.filter((one) => one.version === version)
        expect(ofVersion.length, `recorded cases of version ${version}`).toBeGreaterThan(0)
        for (const { bytes, value } of ofVersion) {
          const decoded = decodeMessage(spec, version, Buffer.from(bytes, 'hex'))
          expect(decoded, `read v${version}`).toMatchObject(value)
          expect(encodeMessage(spec, version, value).toString('hex'), `written v${version}`).toBe(bytes)
          expect(encodeMessage(spec, version, decoded as object).toString('hex'), `written again v${version}`).toBe(
            bytes,
          )
        }
      }
    })
  }

  it('all have a table here, except the version of InitProducerId that Kafka calls unstable', () => {
    const known = new Map(messageSpecs.map((spec) => [spec.name, versionsOf(spec)]))
    const unknown = recorded.filter((one) => !known.get(one.message)?.includes(one.version))
    expect(new Set(unknown.map((one) => `${one.message} v${one.version}`))).toEqual(
      new Set(['InitProducerIdRequest v6', 'InitProducerIdResponse v6']),
    )
  })
})
