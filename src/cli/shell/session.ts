/** What the commands of a session have in common: defaults, which a command gets as environment variables. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { nearest } from '../../common/nearest.ts'
import { CliError } from '../../errors/cli-error.ts'
import type { Environment } from '../environment.ts'
import { brokerList } from '../values.ts'

/** Name in `use` to the variable that commands read. A flag on a line is stronger. */
const variables = {
  brokers: 'MILLRACE_BROKERS',
  module: 'MILLRACE_MODULE',
  application: 'MILLRACE_APPLICATION_ID',
  profile: 'MILLRACE_PROFILE',
  config: 'MILLRACE_CONFIG',
} as const
export type SessionKey = keyof typeof variables
export const sessionKeys: readonly string[] = Object.keys(variables)

export class Session {
  readonly #environment: Record<string, string | undefined>

  constructor(environment: Environment) {
    this.#environment = { ...environment }
  }

  /** For a command of this session. */
  get environment(): Environment {
    return this.#environment
  }

  get(key: SessionKey): string | undefined {
    return this.#environment[variables[key]] || undefined
  }

  /** Throws a CliError where `name` is none, or `value` cannot be meant. */
  use(name: string, value: string): void {
    const key = keyOf(name)
    if (key === 'brokers') brokerList(value)
    if ((key === 'module' || key === 'config') && !existsSync(path.resolve(value.replace(/#\w+$/, '')))) {
      throw new CliError('MILLRACE_USAGE', `use ${key}: there is no file '${value}'`)
    }
    this.#environment[variables[key]] = value
  }

  unset(name: string): void {
    this.#environment[variables[keyOf(name)]] = undefined
  }

  /** `name value` for each that is set. */
  describe(): string {
    const lines = (Object.keys(variables) as SessionKey[]).flatMap((key) => {
      const value = this.get(key)
      return value === undefined ? [] : [`${key.padEnd(12)}${value}\n`]
    })
    return lines.length === 0 ? `nothing is set; use one of: ${sessionKeys.join(', ')}\n` : lines.join('')
  }

  /** `millrace localhost:9092 orders> `, as much of it as a third of the line has room for. */
  prompt(columns: number): string {
    const brokers = this.get('brokers')?.replace(/,.+$/, ',…')
    const module = this.get('module')
    const application = this.get('application') ?? (module === undefined ? undefined : path.basename(module))
    const parts = ['millrace', brokers, application, this.get('profile')].filter((part) => part !== undefined)
    while (parts.length > 1 && parts.join(' ').length + 2 > columns / 2) parts.pop()
    return `${parts.join(' ')}> `
  }
}

function keyOf(name: string): SessionKey {
  if (Object.hasOwn(variables, name)) return name as SessionKey
  const near = nearest(name, sessionKeys)
  throw new CliError(
    'MILLRACE_USAGE',
    `use takes one of ${sessionKeys.join(', ')}, not '${name}'${near === undefined ? '' : `; did you mean '${near}'?`}`,
  )
}
