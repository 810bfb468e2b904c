/** Makes a program that differs smaller, as long as it differs in the same way. */
import type { Call, Program, Step } from './program.ts'

const attemptsMax = 400

/** Options that a call can do without. */
const removable = [
  'name',
  'mat',
  'emit',
  'logging',
  'punctuate',
  'scan',
  'uses',
  'reads',
  'fails',
  'extractor',
  'partitioner',
  'partitions',
  'suppliers',
  'store',
  'default',
] as const

/** `differs`: whether a smaller program still differs. */
export async function shrink(program: Program, differs: (smaller: Program) => Promise<boolean>): Promise<Program> {
  let smallest = program
  let attempts = 0
  const attempt = async (candidate: Program | undefined): Promise<boolean> => {
    if (candidate === undefined || attempts++ >= attemptsMax || !(await differs(candidate))) return false
    smallest = candidate
    return true
  }
  // Once more as long as it gets smaller; a handful of rounds is plenty.
  for (let round = 0, before = ''; round < 6 && before !== JSON.stringify(smallest); round++) {
    before = JSON.stringify(smallest)
    await shrinkSteps(() => smallest, attempt)
    for (let index = smallest.calls.length - 1; index >= 0; index--) await attempt(withoutCall(smallest, index))
    for (let index = 0; index < smallest.calls.length; index++) {
      for (const option of removable) {
        await attempt(withoutOption(smallest, index, option))
      }
    }
    await attempt(withConfig(smallest, { cache: 0 }))
    await attempt(withConfig(smallest, { optimization: 'none' }))
    await attempt(withConfig(smallest, { emitInterval: 0 }))
    await attempt(withoutConfig(smallest, 'skips'))
    await attempt(withoutConfig(smallest, 'wrapped'))
  }
  return smallest
}

async function shrinkSteps(
  current: () => Program,
  attempt: (candidate: Program | undefined) => Promise<boolean>,
): Promise<void> {
  for (let size = current().steps.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = current().steps.length - size; at >= 0; at -= size) {
      const { steps } = current()
      await attempt({ ...current(), steps: [...steps.slice(0, at), ...steps.slice(at + size)] })
    }
  }
}

/** Without a call and whatever was made of what it made; undefined where nothing would be left. */
function withoutCall(program: Program, index: number): Program | undefined {
  const gone = new Set<number>()
  const goneStores = new Set<string>()
  const calls = program.calls.filter((call, at) => {
    const keeps = at !== index && ![call.from, call.other, ...(call.groups ?? [])].some((id) => gone.has(id ?? -1))
    const needed = [call.reads, call.op === 'addStore' ? undefined : call.uses?.store]
    if (keeps && !needed.some((store) => store !== undefined && goneStores.has(store))) return true
    if (call.id !== undefined) gone.add(call.id)
    if (call.op === 'addStore' && call.uses !== undefined) goneStores.add(call.uses.store)
    if (call.op === 'addGlobalStore' && call.store !== undefined) goneStores.add(call.store)
    return false
  })
  return calls.length === 0 ? undefined : { ...program, calls, steps: readable(calls, program.steps) }
}

function readable(calls: readonly Call[], steps: readonly Step[]): readonly Step[] {
  const sources = calls.filter(({ op }) => ['stream', 'table', 'globalTable', 'addGlobalStore'].includes(op))
  const topics = new Set(
    sources.flatMap(({ topics: several = [], topic = '', pattern }) => [
      topic,
      ...several,
      ...(pattern === undefined ? [] : ['p1', 'p2']),
    ]),
  )
  return steps.filter((step) => 'wall' in step || topics.has(step.topic))
}

function withoutOption(program: Program, index: number, option: string): Program | undefined {
  const call = program.calls[index]
  if (call === undefined || !(option in call) || call.op.startsWith('add')) return undefined
  const fewer = Object.fromEntries(Object.entries(call).filter(([key]) => key !== option)) as unknown as Call
  return { ...program, calls: program.calls.with(index, fewer) }
}

function withConfig(program: Program, config: Partial<Program['config']>): Program | undefined {
  const simpler = { ...program.config, ...config }
  return JSON.stringify(simpler) === JSON.stringify(program.config) ? undefined : { ...program, config: simpler }
}

function withoutConfig(program: Program, option: 'skips' | 'wrapped'): Program | undefined {
  if (program.config[option] === undefined) return undefined
  const { [option]: _, ...config } = program.config
  return { ...program, config }
}
