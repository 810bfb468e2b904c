/** The inputs of a random program: few keys, much disorder, now and then a leap. */
import type { SeededRandom } from '../simulation/seeded-random.ts'
import type { Step } from './program.ts'

const keys = ['a', 'a', 'b', 'c', '', null] as const
const values = ['x', 'yy', 'n1', 'zzz', '', null, 'a', 'b1', 'c', 'x2', 'abc', 'a1'] as const

export function generateSteps(random: SeededRandom, inputs: readonly string[]): Step[] {
  const topics = [...new Set(inputs)]
  let now = random.pick([0, 0, 3, 50])
  return Array.from({ length: random.between(8, random.chance(0.15) ? 70 : 28) }, (): Step => {
    if (random.chance(0.08)) return { wall: random.pick([1, 5, 10, 35]) }
    now += random.pick([0, 0, 1, 1, 2, 3, 5, 5, 11, 30])
    if (random.chance(0.02)) now += random.pick([100_000, 500])
    const late = random.chance(0.35) ? random.pick([1, 2, 5, 10, 12, 30, 80]) : 0
    return {
      topic: random.pick(topics),
      key: random.pick(keys),
      value: random.pick(values),
      ts: Math.max(0, now - late),
      ...(random.chance(0.15) ? { header: random.pick(['1', '2']) } : {}),
    }
  })
}
