/** `millrace validate [module]`: what of a topology will not work, will surprise, or is good to know. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { integerFrom } from '../arguments.ts'
import { applicationOption, examples, outputOption, settingsOptions } from '../options.ts'
import { validateFormats } from '../validate-formats.ts'
import type { ValidateOptions } from '../validate.ts'

export function define(command: Command): void {
  command
    .argument('[module]', 'a topology module')
    .addOption(
      new Option('--format <format>', 'github: annotations; sarif: for code scanning (default: text)').choices(
        validateFormats,
      ),
    )
    .option('--against <file>', 'what changed since this description (of describe --format json) is judged too')
    .addOption(
      new Option('--max-warnings <n>', 'fail with more warnings (default: any number)').argParser(integerFrom(0)),
    )
    .addOption(new Option('--ignore <rule,…>', 'rules to leave out; repeatable').argParser(rules))
    .action(async (file: string | undefined) => {
      const { validateCommand } = await import('../validate.ts')
      await validateCommand(file, command.optsWithGlobals<ValidateOptions>())
    })
  settingsOptions(applicationOption(outputOption(command, ['text', 'json'])))
  examples(
    command,
    'millrace validate topologies/word-count.ts',
    'millrace validate app.ts --against deployed.json --max-warnings 0   # exit code 3 with a finding',
    'millrace validate app.ts --format sarif > millrace.sarif',
  )
}

/** Commander gives what was collected before, at first nothing. */
function rules(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), ...text.split(',').map((rule) => rule.trim())]
}
