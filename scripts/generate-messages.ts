/**
 * Writes `src/kafka/protocol/messages/*.ts` from the message definitions inside a kafka-clients jar
 * (`common/message/*.json`, Apache-2.0, see NOTICE): field tables for the codec and the TypeScript types of the messages.
 * The tables are the only description of Kafka's messages in this project; nobody edits them by hand.
 *
 *     node scripts/generate-messages.ts <kafka-clients-x.y.z.jar, or a folder with common/message inside>
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { format } from 'prettier'

const apiNames: readonly string[] = [
  'Produce',
  'Fetch',
  'ListOffsets',
  'Metadata',
  'OffsetCommit',
  'OffsetFetch',
  'FindCoordinator',
  'JoinGroup',
  'Heartbeat',
  'LeaveGroup',
  'SyncGroup',
  'DescribeGroups',
  'ListGroups',
  'SaslHandshake',
  'ApiVersions',
  'CreateTopics',
  'DeleteTopics',
  'DeleteRecords',
  'InitProducerId',
  'OffsetForLeaderEpoch',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'EndTxn',
  'TxnOffsetCommit',
  'DescribeConfigs',
  'AlterConfigs',
  'SaslAuthenticate',
  'CreatePartitions',
  'DeleteGroups',
  'IncrementalAlterConfigs',
  'OffsetDelete',
  'DescribeQuorum',
  'DescribeCluster',
  'DescribeProducers',
  'DescribeTransactions',
  'ListTransactions',
]

/** File name -> the messages in it. */
const files: readonly (readonly [file: string, messages: readonly string[]])[] = [
  ...apiNames.map((name) => [kebab(name), [`${name}Request`, `${name}Response`]] as const),
  ['consumer-protocol', ['ConsumerProtocolSubscription', 'ConsumerProtocolAssignment']],
  ['header', ['RequestHeader', 'ResponseHeader']],
]

const scalars: Readonly<Record<string, string>> = {
  bool: 'boolean',
  int8: 'number',
  int16: 'number',
  uint16: 'number',
  int32: 'number',
  int64: 'number',
  string: 'string',
  uuid: 'string',
  bytes: 'Uint8Array',
  records: 'Uint8Array',
}

interface FieldJson {
  readonly name: string
  readonly type: string
  readonly versions: string
  readonly nullableVersions?: string
  readonly taggedVersions?: string
  readonly flexibleVersions?: string
  readonly tag?: number
  readonly default?: string | number | boolean
  readonly ignorable?: boolean
  readonly fields?: readonly FieldJson[]
}

interface StructJson {
  readonly name: string
  readonly versions: string
  readonly fields: readonly FieldJson[]
}

interface MessageJson {
  readonly apiKey?: number
  readonly name: string
  readonly validVersions: string
  readonly flexibleVersions: string
  readonly latestVersionUnstable?: boolean
  readonly fields: readonly FieldJson[]
  readonly commonStructs?: readonly StructJson[]
}

/** Everything of one message on its way into TypeScript. */
class MessageWriter {
  readonly #message: MessageJson
  readonly #versions: string
  readonly #maxVersion: number
  readonly #interfaces = new Map<string, string>()

  constructor(message: MessageJson, stable: string) {
    this.#message = message
    this.#versions = stable
    this.#maxVersion = Number(stable.split('-').at(-1))
  }

  text(): string {
    const { name, apiKey, flexibleVersions } = this.#message
    const spec = [
      `name: '${name}',`,
      ...(apiKey === undefined ? [] : [`apiKey: ${apiKey},`]),
      `versions: '${this.#versions}',`,
      `flexible: '${flexibleVersions}',`,
      `fields: ${this.#table(this.#message.fields)},`,
    ]
    this.#declare(name, this.#message.fields)
    const declarations = [...this.#interfaces.values()].toReversed().join('\n')
    return `${declarations}\nexport const ${lowerFirst(name)}: MessageSpec<${name}> = {${spec.join('\n')}}\n`
  }

  #declare(name: string, fields: readonly FieldJson[]): void {
    const members = this.#present(fields).map((field) => `readonly ${lowerFirst(field.name)}: ${this.#tsType(field)}`)
    const text = `export interface ${name} {${members.join('\n')}}\n`
    const known = this.#interfaces.get(name)
    if (known !== undefined && known !== text) throw new Error(`${this.#message.name}: two structs named ${name}`)
    this.#interfaces.set(name, text)
  }

  #tsType(field: FieldJson): string {
    const element = elementType(field)
    let type = scalars[element]
    if (type === undefined) {
      type = element.startsWith(this.#message.name) ? element : `${this.#message.name}${element}`
      this.#declare(type, this.#fieldsOf(field))
    }
    if (field.type.startsWith('[]')) type = `${type}[]`
    return field.nullableVersions === undefined ? type : `${type} | null`
  }

  #table(fields: readonly FieldJson[]): string {
    return `[${this.#present(fields)
      .map((field) => this.#row(field))
      .join(',\n')}]`
  }

  #row(field: FieldJson): string {
    const element = elementType(field)
    const isStruct = scalars[element] === undefined
    const kind = isStruct ? 'struct' : element
    const parts = [
      `name: '${lowerFirst(field.name)}'`,
      `type: '${field.type.startsWith('[]') ? '[]' : ''}${kind}'`,
      `versions: '${field.versions}'`,
    ]
    if (field.nullableVersions !== undefined) parts.push(`nullable: '${field.nullableVersions}'`)
    if (field.taggedVersions !== undefined) parts.push(`tagged: '${field.taggedVersions}', tag: ${field.tag}`)
    if (field.flexibleVersions !== undefined) parts.push(`flexible: '${field.flexibleVersions}'`)
    const value = defaultOf(field)
    if (value !== undefined) parts.push(`default: ${value}`)
    if (field.ignorable === true) parts.push('ignorable: true')
    if (isStruct) parts.push(`fields: ${this.#table(this.#fieldsOf(field))}`)
    return `{ ${parts.join(', ')} }`
  }

  /** Fields that only an unstable version has are left out with it. */
  #present(fields: readonly FieldJson[]): readonly FieldJson[] {
    return fields.filter((field) => Number.parseInt(field.versions, 10) <= this.#maxVersion)
  }

  #fieldsOf(field: FieldJson): readonly FieldJson[] {
    if (field.fields !== undefined) return field.fields
    const struct = this.#message.commonStructs?.find((candidate) => candidate.name === elementType(field))
    if (struct === undefined) throw new Error(`${this.#message.name}.${field.name}: unknown type ${field.type}`)
    return struct.fields
  }
}

/** The default as a TypeScript literal; undefined where it is the zero of its type. */
function defaultOf(field: FieldJson): string | undefined {
  const value = field.default
  // Java leaves records without a default null.
  if (value === undefined) return field.type === 'records' ? 'null' : undefined
  if (value === 'null') return 'null'
  if (field.type === 'string') return value === '' ? undefined : `'${value}'`
  if (field.type === 'bool') return `${value}` === 'true' ? 'true' : undefined
  const number = Number(value)
  if (Number.isNaN(number)) throw new Error(`${field.name}: default ${value} of type ${field.type} is not understood`)
  // 2^63 - 1 is no Number; the codec reads and writes it as 2^63.
  return number === 0 ? undefined : BigInt(number).toString()
}

function elementType(field: FieldJson): string {
  return field.type.startsWith('[]') ? field.type.slice(2) : field.type
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}

function kebab(name: string): string {
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
}

/** A version that Kafka itself still calls unstable is not offered. */
function stableVersions(message: MessageJson, unstable: boolean): string {
  if (!unstable) return message.validVersions
  const [min, max] = message.validVersions.split('-').map(Number)
  return `${min}-${(max ?? 0) - 1}`
}

function definitionReader(source: string): (name: string) => MessageJson {
  const isFolder = statSync(source).isDirectory()
  return (name) => {
    const path = `common/message/${name}.json`
    const text = isFolder
      ? readFileSync(join(source, path), 'utf8')
      : execFileSync('unzip', ['-p', source, path], { encoding: 'utf8' })
    return JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, '')) as MessageJson
  }
}

async function generate(source: string): Promise<void> {
  const read = definitionReader(source)
  const origin = basename(source, '.jar')
  const folder = join(import.meta.dirname, '../src/kafka/protocol/messages')
  mkdirSync(folder, { recursive: true })
  for (const [file, names] of files) {
    const messages = names.map(read)
    const unstable = messages.some((message) => message.latestVersionUnstable === true)
    const body = messages.map((message) => new MessageWriter(message, stableVersions(message, unstable)).text())
    const text = [
      `// Generated by scripts/generate-messages.ts from the definitions in ${origin} (Apache-2.0, see NOTICE); not edited.`,
      `import type { MessageSpec } from '../message-spec.ts'`,
      '',
      ...body,
    ].join('\n')
    const style = { parser: 'typescript', printWidth: 120, singleQuote: true, semi: false } as const
    writeFileSync(join(folder, `${file}.ts`), await format(text, style))
  }
}

const source = process.argv[2]
if (source === undefined) {
  process.stderr.write('usage: node scripts/generate-messages.ts <kafka-clients jar or folder>\n')
  process.exitCode = 2
} else {
  await generate(source)
}
