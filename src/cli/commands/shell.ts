/** `millrace shell`: the commands, one after the other, with history and completion. */
import type { Command } from 'commander'
import { examples } from '../options.ts'
import type { ShellOptions } from '../shell/shell.ts'

export function define(command: Command, program: () => Promise<Command>): void {
  command
    .description(
      "run commands one after the other, without 'millrace' in front: from a terminal with history and completion, or from standard input, where the first line that fails ends it. Words are quoted as in other shells; nothing is expanded. The history is in $XDG_STATE_HOME/millrace (~/.local/state/millrace); secrets are left out of it.",
    )
    .argument('[module]', 'a topology module, for the commands that follow')
    .option('-b, --brokers <host:port,…>', 'Kafka, for the commands that follow')
    .option('--application-id <id>', 'the application, for the commands that follow')
    .option('--config <file>', 'configuration file, for the commands that follow')
    .option('--profile <name>', 'a profile of the configuration files, for the commands that follow')
    .option('--keep-going', 'from standard input: go on after a line that fails')
    .action(async (module: string | undefined) => {
      const { shellCommand } = await import('../shell/shell.ts')
      await shellCommand(module, command.optsWithGlobals<ShellOptions>(), program)
    })
  examples(
    command,
    'millrace shell -b localhost:9092 src/topology.ts',
    "printf 'describe\\ntail orders --until-end\\n' | millrace shell -b localhost:9092 src/topology.ts",
  )
}
