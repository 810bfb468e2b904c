/** `millrace explain [code]`: what an error code means, where to look and what to do; without a code, all of them. */
import type { Command } from 'commander'
import { examples, outputOption } from '../options.ts'
import type { ExplainOptions } from '../explain.ts'

export function define(command: Command): void {
  command
    .description('print what an error code means, where to look, and what to do; without a code, all codes')
    .argument('[code]', 'such as MILLRACE_BUFFER_FULL, or buffer_full')
  outputOption(command).action(async (code: string | undefined) => {
    const { explainCommand } = await import('../explain.ts')
    await explainCommand(code, command.optsWithGlobals<ExplainOptions>())
  })
  examples(command, 'millrace explain MILLRACE_BUFFER_FULL', 'millrace explain -o jsonl | jq -r .code')
}
