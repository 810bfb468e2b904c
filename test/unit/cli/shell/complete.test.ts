import { beforeAll, expect, it } from 'vitest'
import { completed } from '../../../../src/cli/completion.ts'
import type { Completed } from '../../../../src/cli/completion.ts'
import { makeProgram } from '../../../../src/cli/program.ts'
import { completions } from '../../../../src/cli/shell/complete.ts'

let commands: readonly Completed[]
beforeAll(async () => {
  commands = completed(await makeProgram('complete'))
})

it.each([
  ['desc', ['describe '], 'desc'],
  ['', expect.arrayContaining(['tail ', 'use ', 'exit ']), ''],
  ['dlq r', ['retry '], 'r'],
  ['dlq retry --dry', ['--dry-run '], '--dry'],
  ['run --guarantee at', ['at_least_once '], 'at'],
  ['tail x -o ', ['text ', 'json ', 'jsonl '], ''],
  ['use bro', ['brokers '], 'bro'],
  ['help ta', ['tail '], 'ta'],
  ['describe topologies/sample', ['topologies/sample-text.txt '], 'topologies/sample'],
  ["describe 'topologies/sample", ['topologies/sample-text.txt '], "'topologies/sample"],
  ['describe topologies/word-', ['topologies/word-count.ts ', 'topologies/word-count/'], 'topologies/word-'],
  ['describe /nowhere/', [], '/nowhere/'],
  ['nonsense a', [], 'a'],
])('Tab after %j offers %j', (line, candidates, typed) => {
  expect(completions(commands, line)).toEqual([candidates, typed])
})
