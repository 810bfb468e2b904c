/** A program as a person reads it. */
import type { Call, Program, Step } from './program.ts'

export function written({ seed, config, calls, steps }: Program): string {
  const options = Object.entries(config)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')
  return [`seed ${seed} (${options})`, ...calls.map(writtenCall), ...steps.map(writtenStep)].join('\n  ')
}

function writtenCall({ op, id, from, ...rest }: Call): string {
  const result = id === undefined ? '' : `#${id} = `
  const on = from === undefined ? '' : `#${from}.`
  return `${result}${on}${op}(${Object.entries(rest)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
    .join(', ')})`
}

function writtenStep(step: Step, index: number): string {
  if ('wall' in step) return `${index}  wall clock +${step.wall}`
  const { topic, key, value, ts, header } = step
  return `${index}  ${topic}  ${JSON.stringify(key)}: ${JSON.stringify(value)}  @${ts}${header === undefined ? '' : ` h=${header}`}`
}
