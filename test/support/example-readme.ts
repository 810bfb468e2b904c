/**
 * What the README of an example tells: its commands and what they print, and its picture. Only as much of a shell is
 * understood as a README needs: one command on a line, its input behind `<<'END'`, its output in the `text` block that
 * follows.
 */
import { parseArgs } from 'node:util'

export interface Readme {
  readonly dev: DevCommand
  readonly steps: readonly (SendCommand | TailCommand)[]
  /** Of the `mermaid` block. */
  readonly picture: string
}

export interface DevCommand {
  readonly module: string
  readonly partitions: number
  /** Of `-X`. */
  readonly config: Readonly<Record<string, unknown>>
}

interface TopicCommand {
  readonly topic: string
  /** Undefined: values only. */
  readonly separator: string | undefined
  readonly keySerde: string
  readonly valueSerde: string
  readonly nullText: string | undefined
}

export interface SendCommand extends TopicCommand {
  readonly kind: 'send'
  readonly lines: readonly string[]
}

export interface TailCommand extends TopicCommand {
  readonly kind: 'tail'
  /** What it prints, according to the README. */
  readonly lines: readonly string[]
}

const topicOptions = {
  'key-separator': { type: 'string', short: 'k' },
  'key-serde': { type: 'string', default: 'string' },
  'value-serde': { type: 'string', default: 'string' },
  'null-value': { type: 'string' },
} as const

const devOptions = {
  port: { type: 'string' },
  partitions: { type: 'string', default: '4' },
  set: { type: 'string', short: 'X', multiple: true },
} as const

export function parseReadme(text: string): Readme {
  const blocks = [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', body = '']) => ({
    language,
    body,
  }))
  const commands = blocks.flatMap(({ language, body }, index) => {
    if (language !== 'sh') return []
    const next = blocks[index + 1]
    return commandsOf(body, next?.language === 'text' ? linesOf(next.body) : undefined)
  })
  const dev = commands.find((command) => command.kind === 'dev')
  if (dev === undefined) throw new Error('the README does not say how to run the example')
  const picture = blocks.find(({ language }) => language === 'mermaid')?.body ?? ''
  return { dev, steps: commands.filter((command) => command.kind !== 'dev'), picture }
}

/** With another picture. */
export function withPicture(text: string, picture: string): string {
  return text.replace(/(?<=^```mermaid\n)[\s\S]*?(?=^```$)/m, () => picture)
}

function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1)
}

type Command = (DevCommand & { readonly kind: 'dev' }) | SendCommand | TailCommand

function commandsOf(body: string, printed: readonly string[] | undefined): Command[] {
  const commands: Command[] = []
  const lines = linesOf(body)
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    const [program, kind = '', ...args] = words(line)
    if (program !== 'millrace') continue
    if (kind === 'dev') commands.push(devCommand(args))
    else if (kind === 'send') commands.push({ kind, ...topicCommand(args), lines: inputOf(line, lines) })
    else if (kind === 'tail' && printed !== undefined) commands.push({ kind, ...topicCommand(args), lines: printed })
    else throw new Error(`nothing is known of the command '${line}', or there is no output under it`)
  }
  return commands
}

/** Takes the lines away, up to the one that ends them. */
function inputOf(command: string, rest: string[]): readonly string[] {
  const end = rest.indexOf('END')
  if (!command.endsWith(" <<'END'") || end < 0) throw new Error(`the command '${command}' has no input`)
  return rest.splice(0, end + 1).slice(0, -1)
}

function words(line: string): string[] {
  const command = line.replace(/ <<'END'$/, '').replace(/ +# .*$/, '')
  return [...command.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word)
}

function devCommand(args: string[]): Command {
  const { values, positionals } = parseArgs({ args, options: devOptions, allowPositionals: true })
  const settings = (values.set ?? []).map((setting) => setting.split('=') as [string, string])
  const config = Object.fromEntries(settings.map(([key, value]) => [key, JSON.parse(value) as unknown]))
  return { kind: 'dev', module: positionals[0] ?? '', partitions: Number(values.partitions), config }
}

function topicCommand(args: string[]): TopicCommand {
  const { values, positionals } = parseArgs({ args, options: topicOptions, allowPositionals: true })
  const [topic] = positionals
  if (topic === undefined || positionals.length > 1) throw new Error(`one topic, please: ${args.join(' ')}`)
  return {
    topic,
    separator: values['key-separator'],
    keySerde: values['key-serde'],
    valueSerde: values['value-serde'],
    nullText: values['null-value'],
  }
}
