/** The configs of one topic: what was set, and what that means for its logs. */
import { Refusal } from './refusal.ts'
import { topicConfigTable, type ConfigDefinition } from './topic-config-table.ts'

/** The part that is asked for at every append, parsed. */
export interface LogSettings {
  readonly maxMessageBytes: number
  readonly isCompacted: boolean
  readonly isDeleted: boolean
  readonly isLogAppendTime: boolean
  readonly timestampBeforeMaxMs: number
  readonly timestampAfterMaxMs: number
  readonly deleteRetentionMs: number
}

export class TopicConfig {
  /** Defaults of this broker that differ from Kafka's. */
  readonly #brokerDefaults: Readonly<Record<string, string>>
  #values: ReadonlyMap<string, string>
  #settings: LogSettings

  constructor(values: ReadonlyMap<string, string>, brokerDefaults: Readonly<Record<string, string>>) {
    this.#brokerDefaults = brokerDefaults
    this.#values = values
    this.#settings = this.#parse()
  }

  get settings(): LogSettings {
    return this.#settings
  }

  /** What was set for this very topic. */
  get values(): ReadonlyMap<string, string> {
    return this.#values
  }

  get(name: string): string {
    return this.#values.get(name) ?? this.default(name)
  }

  default(name: string): string {
    return this.#brokerDefaults[name] ?? topicConfigTable[name]?.default ?? ''
  }

  isBrokerDefault(name: string): boolean {
    return this.#brokerDefaults[name] !== undefined
  }

  replace(values: ReadonlyMap<string, string>): void {
    this.#values = values
    this.#settings = this.#parse()
  }

  #parse(): LogSettings {
    const policies = this.get('cleanup.policy').split(',')
    return {
      maxMessageBytes: Number(this.get('max.message.bytes')),
      isCompacted: policies.includes('compact'),
      isDeleted: policies.includes('delete'),
      isLogAppendTime: this.get('message.timestamp.type') === 'LogAppendTime',
      timestampBeforeMaxMs: Number(this.get('message.timestamp.before.max.ms')),
      timestampAfterMaxMs: Number(this.get('message.timestamp.after.max.ms')),
      deleteRetentionMs: Number(this.get('delete.retention.ms')),
    }
  }
}

/** The values as they are kept; an unknown name or a value that is none of its type is refused. */
export function checkedConfigs(values: Iterable<readonly [string, string | null]>): Map<string, string> {
  const checked = new Map<string, string>()
  for (const [name, value] of values) checked.set(name, checkedConfig(name, value))
  return checked
}

export function checkedConfig(name: string, value: string | null): string {
  const definition = topicConfigTable[name]
  if (definition === undefined) throw new Refusal('INVALID_CONFIG', `Unknown topic config name: ${name}`)
  if (value === null) throw new Refusal('INVALID_CONFIG', `Null value not supported for topic configs: ${name}`)
  const problem = problemWith(definition, value)
  if (problem === undefined) return value
  throw new Refusal('INVALID_CONFIG', `Invalid value ${value} for configuration ${name}: ${problem}`)
}

function problemWith({ type, min, max, values }: ConfigDefinition, value: string): string | undefined {
  const texts = type === 'list' ? value.split(',').map((text) => text.trim()) : [value]
  if (values !== undefined && !texts.every((text) => values.includes(text))) {
    return `String must be one of: ${values.join(', ')}`
  }
  if (type === 'boolean') return /^(true|false)$/i.test(value) ? undefined : 'Expected value to be either true or false'
  if (type === 'string' || type === 'list') return undefined
  const number = Number(value)
  const whole = type === 'double' ? Number.isFinite(number) : /^-?\d+$/.test(value)
  if (value.trim() === '' || !whole) return `Not a number of type ${type.toUpperCase()}`
  if (min !== undefined && number < min) return `Value must be at least ${min}`
  if (max !== undefined && number > max) return `Value must be no more than ${max}`
  return undefined
}
