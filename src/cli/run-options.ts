/** The options of `run` and `dev`. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { applicationOption, settingsOptions } from './options.ts'

export function runOptions(command: Command): Command {
  return settingsOptions(
    applicationOption(command)
      .option('--state-dir <directory>', 'where local state is kept')
      .addOption(
        new Option('--guarantee <guarantee>', 'processing guarantee').choices(['exactly_once', 'at_least_once']),
      )
      .option('--threads <n>', 'stream threads (this version: 1; run more instances instead)')
      .option('--http <host:port>', 'status server: health, metrics, status')
      .addOption(
        new Option('--log-format <format>', 'of the log on stderr')
          .choices(['text', 'json'])
          .env('MILLRACE_LOG_FORMAT'),
      ),
  )
}
