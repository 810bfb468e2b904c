/** `millrace run [module]`: one instance of an application, until SIGINT or SIGTERM. */
import type { Command } from 'commander'
import { examples } from '../options.ts'
import { runOptions } from '../run-options.ts'
import type { RunCommandOptions } from '../run.ts'

export function define(command: Command): void {
  runOptions(command.argument('[module]', 'a topology module, such as topologies/word-count.ts'))
    .option('-b, --brokers <host:port,…>', 'Kafka; also from MILLRACE_BROKERS, a configuration file or the module')
    .action(async (file: string | undefined) => {
      const { runCommand } = await import('../run.ts')
      await runCommand(file, command.optsWithGlobals<RunCommandOptions>())
    })
  examples(
    command,
    'millrace run topologies/word-count.ts --brokers localhost:9092',
    `millrace run topologies/word-count.ts -b localhost:9092 -X commitIntervalMs=50 -X onDeserializationError='{"deadLetter":"dlq"}'`,
    'MILLRACE_KAFKA__SASL__PASSWORD_FILE=/run/secrets/kafka millrace run --profile production',
  )
}
