import { describe, expect, it } from 'vitest'
import { Fifo } from '../../../src/common/fifo.ts'
import { seededRandom } from '../../support/word-count-load.ts'

describe('A fifo', () => {
  it('gives back in order what it was given, as an array does', () => {
    const random = seededRandom(7)
    const fifo = new Fifo<number>()
    let model: number[] = []
    for (let i = 0; i < 20_000; i++) {
      // It grows beyond what it keeps, and becomes empty again.
      const grows = Math.floor(i / 500) % 2 === 0 ? 0.7 : 0.2
      if (random() < grows) {
        fifo.push(i)
        model.push(i)
      } else if (random() < 0.002) {
        fifo.clear()
        model = []
      } else {
        expect(fifo.peek()).toBe(model[0])
        expect(fifo.shift()).toBe(model.shift())
      }
      expect(fifo.size).toBe(model.length)
    }
    expect(fifo.toArray()).toEqual(model)
  })
})
