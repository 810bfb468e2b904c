/** The command line: what each command takes. What it does is in the file of its name, loaded only when it is called. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { describeFailure, exitCodeOf } from './failure.ts'
import { endQuietlyOnClosedPipe, hideNodeWarnings, say } from './terminal.ts'

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function runOptions(command: Command): Command {
  return command
    .option('--application-id <id>', "the application's id, instead of the module's own")
    .option('--state-dir <directory>', 'where local state is kept')
    .addOption(new Option('--guarantee <guarantee>', 'processing guarantee').choices(['exactly_once', 'at_least_once']))
    .option('--threads <n>', 'stream threads (this version: 1; run more instances instead)')
    .option('--http <host:port>', 'status server (not in this version)')
    .option(
      '-X, --set <key=value>',
      'any key of the configuration, its value as JSON or plain text; repeatable',
      collect,
    )
}

function serdeOptions(command: Command): Command {
  return command
    .option('-b, --brokers <host:port,…>', 'Kafka; also from MILLRACE_BROKERS')
    .option('-k, --key-separator <text>', 'what stands between key and value on a line; without it, values only')
    .option(
      '--key-serde <serde>',
      'how keys are written: string, int32, int64, float64, json, bytes, …, timeWindowed:string, …',
      'string',
    )
    .option('--value-serde <serde>', 'how values are written', 'string')
}

function sendOptions(command: Command): Command {
  return serdeOptions(command)
    .option('--null-value <text>', 'a value that stands for null (a tombstone)')
    .option('--partition <n>', 'instead of the one that the key decides')
    .option('-H, --header <name=value>', 'a header of every record; repeatable', collect)
    .addOption(new Option('--compression <codec>', 'of the batches').choices(['none', 'gzip', 'snappy', 'lz4', 'zstd']))
    .addHelpText(
      'after',
      `
Examples:
  echo 'a line of text' | millrace send text-lines --brokers localhost:9092
  millrace send prices --key-separator : --value-serde float64 < prices.txt   # lines such as apple:1.25
  echo 'apple:-' | millrace send prices --key-separator : --null-value -      # deletes the key from a table`,
    )
}

function tailOptions(command: Command): Command {
  return serdeOptions(command)
    .option('--null-value <text>', 'what to print for null', 'null')
    .option('-n, --last <n>', 'begin with the last n records (default: 10)')
    .option('--from-beginning', 'begin with the oldest record')
    .option('--until-end', 'end after the last record instead of waiting for more')
    .option('--partition <n>', 'only this one')
    .addOption(
      new Option('-o, --output <format>', 'json: a line for each record').choices(['text', 'json']).default('text'),
    )
    .addHelpText(
      'after',
      `
Examples:
  millrace tail word-counts --key-separator ' ' --value-serde int64 --brokers localhost:9092
  millrace tail clicks-per-hour -k ' ' --key-serde timeWindowed:string --value-serde int64 -b localhost:9092   # UK@3600000 7
  millrace tail word-counts --from-beginning --until-end --value-serde int64 -o json | jq .key`,
    )
}

function program(): Command {
  const root = new Command('millrace')
    .description('Kafka Streams for TypeScript: run, describe and try stream-processing topologies')
    .version(version(), '-V, --version')
    .option('-v, --verbose', 'stack traces and debug logs')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text) })

  runOptions(root.command('run').argument('<module>', 'a topology module, such as topologies/word-count.ts'))
    .description('run an instance of an application until SIGINT or SIGTERM')
    .option('-b, --brokers <host:port,…>', 'Kafka; also from MILLRACE_BROKERS or the module')
    .addHelpText(
      'after',
      `
Examples:
  millrace run topologies/word-count.ts --brokers localhost:9092
  millrace run topologies/word-count.ts -b localhost:9092 -X commitIntervalMs=50 -X onDeserializationError='{"deadLetter":"dlq"}'`,
    )
    .action(async (file: string, _, command: Command) => {
      await (await import('./run.ts')).runCommand(file, command.optsWithGlobals())
    })

  runOptions(root.command('dev').argument('<module>', 'a topology module'))
    .description('run an application on an embedded broker; no Kafka needed')
    .option('--port <n>', 'port of the embedded broker (0: any free one)', '0')
    .option('--partitions <n>', 'partitions of the input topics', '4')
    .addHelpText('after', '\nExample:\n  millrace dev topologies/word-count.ts --port 9092')
    .action(async (file: string, _, command: Command) => {
      await (await import('./dev.ts')).devCommand(file, command.optsWithGlobals())
    })

  root
    .command('describe')
    .argument('<module>', 'a topology module')
    .description('print the topology: sub-topologies, nodes, stores, topics')
    .addOption(new Option('--format <format>', 'how').choices(['text', 'json', 'mermaid']).default('text'))
    .addHelpText('after', '\nExample:\n  millrace describe topologies/word-count.ts --format mermaid')
    .action(async (file: string, options: { format: string }) => {
      await (await import('./describe.ts')).describeCommand(file, options)
    })

  root
    .command('broker')
    .description('run the embedded broker for any Kafka client; for development and tests, data in memory')
    .option('--port <n>', 'port (0: any free one)', '9092')
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .addHelpText('after', '\nExample:\n  millrace broker --port 9092')
    .action(async (options: { port: string; host: string }) => {
      await (await import('./broker.ts')).brokerCommand(options)
    })
  sendOptions(
    root.command('send').argument('<topic>', 'where to write; created on first use where the broker does that'),
  )
    .description('write a record for each line of standard input')
    .action(async (topic: string, _, command: Command) => {
      await (await import('./send.ts')).sendCommand(topic, command.optsWithGlobals())
    })

  tailOptions(root.command('tail').argument('<topic>', 'what to read'))
    .description('print the last committed records of a topic, and those that come, until Ctrl-C')
    .action(async (topic: string, _, command: Command) => {
      await (await import('./tail.ts')).tailCommand(topic, command.optsWithGlobals())
    })
  // exitOverride is not inherited by commands made before it was set on them.
  for (const command of root.commands) command.exitOverride().showSuggestionAfterError()
  return root
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return (manifest as { version: string }).version
}

export async function main(argv: readonly string[]): Promise<number> {
  endQuietlyOnClosedPipe()
  hideNodeWarnings()
  const command = program()
  try {
    await command.parseAsync([...argv], { from: 'user' })
    return 0
  } catch (error) {
    // Commander has printed its own words already; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    say(describeFailure(error, command.opts<{ verbose?: boolean }>().verbose === true))
    return exitCodeOf(error)
  }
}

process.exitCode = await main(process.argv.slice(2))
