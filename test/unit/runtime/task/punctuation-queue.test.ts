import { describe, expect, it } from 'vitest'
import { nextInGrid, PunctuationQueue } from '../../../../src/runtime/task/punctuation-queue.ts'

describe('A punctuation queue', () => {
  const fired = (queue: PunctuationQueue<string>, now: number): string[] => {
    const calls: string[] = []
    queue.punctuate(now, (node) => calls.push(node))
    return calls
  }

  it("calls what is due, the earliest first, and of equal times in the order of Java's heap", () => {
    const queue = new PunctuationQueue<string>()
    queue.schedule('late', 20, 10, () => undefined)
    queue.schedule('early', 5, 100, () => undefined)
    queue.schedule('later', 20, 10, () => undefined)
    expect(queue.nextDueMs).toBe(5)
    expect(fired(queue, 4)).toEqual([])
    expect(fired(queue, 20)).toEqual(['early', 'later', 'late'])
    expect(queue.nextDueMs).toBe(30)
  })

  it('calls once for all intervals that were missed, and stays in its grid', () => {
    const queue = new PunctuationQueue<string>()
    queue.schedule('a', 0, 10, () => undefined)
    expect(fired(queue, 35)).toEqual(['a'])
    expect(queue.nextDueMs).toBe(40)
    expect(nextInGrid(0, 10, 40)).toBe(50)
    expect(nextInGrid(7, 10, 7)).toBe(17)
  })

  it('calls no more what was cancelled, also from within the call', () => {
    const queue = new PunctuationQueue<string>()
    const other = queue.schedule('other', 10, 10, () => undefined)
    const own = queue.schedule('own', 5, 5, () => undefined)
    const calls: string[] = []
    queue.punctuate(10, (node) => {
      calls.push(node)
      other.cancel()
      own.cancel()
    })
    expect(calls).toEqual(['own'])
    expect(fired(queue, 1000)).toEqual([])
    expect(queue.nextDueMs).toBe(Infinity)
  })

  it('does not call at once again what threw', () => {
    const queue = new PunctuationQueue<string>()
    queue.schedule('a', 0, 10, () => undefined)
    expect(() =>
      queue.punctuate(0, () => {
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(fired(queue, 9)).toEqual([])
  })
})
