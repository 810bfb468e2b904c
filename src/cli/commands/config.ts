/** `millrace config print [module]`: what a command would be configured with, and where each value is from; no secrets. */
import type { Command } from 'commander'
import type { ConfigPrintOptions } from '../config-print.ts'
import { applicationOption, connectionOptions, examples, outputOption } from '../options.ts'

export function define(command: Command): void {
  const print = command
    .command('print')
    .summary('every key that was given, with its origin')
    .description(
      'print every key of the configuration that was given, and where it is from; secrets are left out. Stronger after weaker: module, user file, project file (millrace.json), environment (MILLRACE_…), -X, flags.',
    )
    .argument('[module]', 'a topology module, for its own configuration')
    .option('--all', 'keys that have their default, too')
  outputOption(connectionOptions(applicationOption(print))).action(async (file: string | undefined) => {
    const { configPrintCommand } = await import('../config-print.ts')
    await configPrintCommand(file, print.optsWithGlobals<ConfigPrintOptions>())
  })
  examples(
    print,
    'millrace config print --profile production',
    'millrace config print topologies/word-count.ts --all -o json',
  )
}
