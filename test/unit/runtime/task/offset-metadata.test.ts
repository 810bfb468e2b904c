import { describe, expect, it } from 'vitest'
import {
  decodeOffsetMetadata,
  encodeOffsetMetadata,
  mergeMetadata,
} from '../../../../src/runtime/task/offset-metadata.ts'

// The texts were recorded from Java (TopicPartitionMetadata).
describe('The metadata of a committed offset', () => {
  it('is Java’s: version, partition time, times of processors', () => {
    expect(encodeOffsetMetadata(1_700_000_000_000)).toBe('AgAAAYvP5WgA')
    expect(encodeOffsetMetadata(1_700_000_000_000, new Map([['store', 25]]))).toBe(
      'AgAAAYvP5WgAAAAAAQAAAAVzdG9yZQAAAAAAAAAZ',
    )
    expect(encodeOffsetMetadata(-1)).toBe('Av//////////')
  })

  it('is read back', () => {
    const processors = new Map([
      ['store', 25],
      ['ключ', -1],
    ])
    expect(decodeOffsetMetadata(encodeOffsetMetadata(1_700_000_000_000, processors))).toEqual({
      partitionTime: 1_700_000_000_000,
      processors,
    })
    expect(decodeOffsetMetadata(encodeOffsetMetadata(-1)).partitionTime).toBe(-1)
  })

  it('is read in version 1, which has no processors', () => {
    const bytes = Buffer.from('AgAAAYvP5WgA', 'base64')
    bytes[0] = 1
    expect(decodeOffsetMetadata(bytes.toString('base64')).partitionTime).toBe(1_700_000_000_000)
  })

  it('is unknown where nobody wrote any, or somebody else did', () => {
    const unknown = { partitionTime: -1, processors: new Map() }
    for (const text of [undefined, '', 'AA==', 'hello', 'AwAAAYvP5WgA', Buffer.alloc(9, 0xff).toString('base64')]) {
      expect(decodeOffsetMetadata(text)).toEqual(unknown)
    }
  })

  it('gives what there is of processors that are cut off', () => {
    const whole = Buffer.from(encodeOffsetMetadata(5, new Map([['store', 25]])), 'base64')
    for (let length = 9; length < whole.byteLength; length++) {
      const cut = decodeOffsetMetadata(whole.subarray(0, length).toString('base64'))
      expect(cut).toEqual({ partitionTime: 5, processors: new Map() })
    }
  })
})

describe('What processors keep in several committed offsets', () => {
  it('is what was committed last: the highest of each', () => {
    const merged = new Map([['one', 5]])
    mergeMetadata(
      merged,
      new Map([
        ['one', 3],
        ['two', 7],
      ]),
    )
    mergeMetadata(merged, new Map([['two', 9]]))
    expect(merged).toEqual(
      new Map([
        ['one', 5],
        ['two', 9],
      ]),
    )
  })
})
