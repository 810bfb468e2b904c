/** The inputs of a random program: few keys, much disorder, now and then a leap or what cannot be read. */
import type { SeededRandom } from '../simulation/seeded-random.ts'
import type { Input } from './grammar/draft.ts'
import type { Data, DataType, Step } from './program.ts'

const keys = ['a', 'a', 'b', 'c', '', null] as const
const values = ['x', 'yy', 'n1', 'zzz', '', null, 'a', 'b1', 'c', 'x2', 'abc', 'a1'] as const
const numbers = [1, 1, 2, 3, 10, 2_000_000_000_000, -1, null] as const
const lists = [['a'], ['a', 'b'], [], ['n', 'yy', 'c'], null] as const

export function generateSteps(random: SeededRandom, inputs: readonly Input[]): Step[] {
  const topics = [...new Map(inputs.map((input) => [input.topic, input])).values()]
  let now = random.pick([0, 0, 3, 50])
  return Array.from({ length: random.between(8, random.chance(0.15) ? 70 : 28) }, (): Step => {
    if (random.chance(0.08)) return { wall: random.pick([1, 5, 10, 35]) }
    now += random.pick([0, 0, 1, 1, 2, 3, 5, 5, 11, 30])
    if (random.chance(0.02)) now += random.pick([100_000, 500])
    const late = random.chance(0.35) ? random.pick([1, 2, 5, 10, 12, 30, 80]) : 0
    const { topic, key, value } = random.pick(topics)
    return {
      topic,
      key: draw(random, key, keys),
      value: draw(random, value, values),
      ts: Math.max(0, now - late),
      ...(random.chance(0.15) ? { header: random.pick(['1', '2', null]) } : {}),
    }
  })
}

function draw(random: SeededRandom, type: DataType, texts: readonly (string | null)[]): Data {
  if (type === 'S' || random.chance(0.02)) return random.pick(texts)
  return type === 'L' ? random.pick(numbers) : random.pick<readonly string[] | null>(lists)
}
