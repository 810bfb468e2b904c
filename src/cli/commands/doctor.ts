/** `millrace doctor [module]`: checks what an application needs around it. */
import type { Command } from 'commander'
import { applicationOption, connectionOptions, examples, outputOption, timeoutOption } from '../options.ts'
import type { DoctorOptions } from '../doctor.ts'

export function define(command: Command): void {
  command
    .description(
      'check Node, the state directory, the brokers and their time, topics, permissions, the group and open transactions, each with what to do. Without brokers only this machine is looked at, without a module nothing of the application. Changes nothing.',
    )
    .argument('[module]', 'a topology module')
    .option('--state-dir <directory>', 'where local state is kept')
  outputOption(timeoutOption(connectionOptions(applicationOption(command)))).action(
    async (file: string | undefined) => {
      const { doctorCommand } = await import('../doctor.ts')
      await doctorCommand(file, command.optsWithGlobals<DoctorOptions>())
    },
  )
  examples(
    command,
    'millrace doctor --brokers localhost:9092',
    'millrace doctor topologies/word-count.ts --brokers localhost:9092 -o json',
  )
}
