import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { placeText } from '../../../src/topology/definition-place.ts'

const frame = (file: string, line: number): string =>
  `    at build (${pathToFileURL(path.resolve(file)).href}:${line}:9)`
const stack = (...frames: string[]): { stack: string } => ({ stack: ['Error: a message', ...frames].join('\n') })

it('the place is where the user called, behind the frames of this library and of packages', () => {
  const frames = [
    frame('src/dsl/streams-builder.ts', 3),
    frame('node_modules/tsx/lib/run.js', 5),
    frame('app/orders.ts', 7),
  ]
  expect(placeText(stack(...frames))).toBe('app/orders.ts:7')
})

it('there is no place where a package called: its line is none that the user can correct', () => {
  const frames = [frame('src/dsl/streams-builder.ts', 3), frame('node_modules/commander/lib/command.js', 1113)]
  expect(placeText(stack(...frames))).toBeUndefined()
})
