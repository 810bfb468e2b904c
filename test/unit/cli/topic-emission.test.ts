/** Names and values of all kinds, through the readers that the forms are for. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { EmittedTopic, Emission } from '../../../src/cli/topic-emission.ts'
import { shOf } from '../../../src/cli/topic-emission-sh.ts'
import { strimziOf } from '../../../src/cli/topic-emission-strimzi.ts'
import { terraformOf } from '../../../src/cli/topic-emission-terraform.ts'

const topic: EmittedTopic = {
  name: 'orders',
  exists: false,
  partitions: 6,
  replicationFactor: 3,
  config: { 'cleanup.policy': 'compact' },
  changes: {},
}

function emission(topics: readonly EmittedTopic[], more: Partial<Emission> = {}): Emission {
  return {
    applicationId: 'app',
    brokers: ['a:9092', 'b:9092'],
    isSecured: false,
    strimziCluster: undefined,
    topics,
    ...more,
  }
}

const nasty = [
  "it's",
  '"quoted"',
  '$(touch pwned)',
  '`touch pwned`',
  '${HOME}',
  '%{if}',
  '$${x}',
  '\\u0041\\',
  '- a',
  '--help',
  '# no',
  'a: b',
  'yes',
  '1e3',
  '~',
  '!x',
  '&x *x',
  '😀 ü',
  '',
]
const text = fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }))
const key = fc.oneof(fc.constantFrom('cleanup.policy', 'retention.ms', 'null', 'on', '1.5'), text)
const config = fc.dictionary(key, text, { maxKeys: 4 }).map((found) => Object.fromEntries(Object.entries(found)))
const topics = fc.array(
  fc.record({
    name: text,
    exists: fc.boolean(),
    partitions: fc.integer({ min: 1, max: 1000 }),
    replicationFactor: fc.integer({ min: 1, max: 5 }),
    config,
    changes: config,
  }),
  { minLength: 1, maxLength: 5 },
)

describe('A script for the shell', () => {
  let tools: string
  beforeAll(() => {
    tools = mkdtempSync(path.join(tmpdir(), 'millrace-emit-'))
    for (const name of ['kafka-topics.sh', 'kafka-configs.sh']) {
      const file = path.join(tools, name)
      writeFileSync(file, '#!/bin/sh\nfor word in "${0##*/}" "$@"; do printf "%s\\0" "$word"; done\nprintf "\\n\\0"\n')
      chmodSync(file, 0o755)
    }
  })
  afterAll(() => rmSync(tools, { recursive: true, force: true }))

  /** Each command, as the words that it is called with. */
  function called(script: string): string[][] {
    const file = path.join(tools, 'script')
    writeFileSync(file, script)
    execFileSync('sh', ['-n', file])
    const env = { PATH: `${tools}:/usr/bin:/bin`, HOME: '/nowhere' }
    const words = execFileSync('sh', [file], { cwd: tools, env }).toString().split('\0')
    const commands: string[][] = [[]]
    for (const word of words.slice(0, -1)) {
      if (word === '\n') commands.push([])
      else commands.at(-1)?.push(word)
    }
    return commands.slice(0, -1)
  }

  it('makes what is missing and changes what differs, by Kafka’s tools', () => {
    const changed = { ...topic, name: 'app-counts-changelog', exists: true }
    const changes = { 'cleanup.policy': 'compact,delete', 'retention.ms': '1000' }
    expect(called(shOf(emission([topic, { ...changed, changes }])))).toEqual([
      [
        ...['kafka-topics.sh', '--bootstrap-server', 'a:9092,b:9092', '--create', '--if-not-exists'],
        ...['--topic', 'orders', '--partitions', '6', '--replication-factor', '3'],
        ...['--config', 'cleanup.policy=compact'],
      ],
      [
        ...['kafka-configs.sh', '--bootstrap-server', 'a:9092,b:9092', '--alter', '--entity-type', 'topics'],
        ...['--entity-name', 'app-counts-changelog'],
        ...['--add-config', 'cleanup.policy=[compact,delete],retention.ms=1000'],
      ],
    ])
  })

  it('leaves the default of the brokers to them, and takes secrets from a file', () => {
    const [command] = called(shOf(emission([{ ...topic, replicationFactor: undefined }], { isSecured: true })))
    expect(command).not.toContain('--replication-factor')
    expect(command?.slice(3, 5)).toEqual(['--command-config', 'client.properties'])
  })

  it('lets no name pass for an option', () => {
    const [command] = called(shOf(emission([{ ...topic, name: '-delete' }])))
    expect(command).toContain('--topic=-delete')
    expect(command).not.toContain('-delete')
  })

  it('hands over every name and value as it is, or is not written at all', () => {
    const isPrintable = (one: string): boolean =>
      one.isWellFormed() && !/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u.test(one)
    fc.assert(
      fc.property(topics, text, (all, broker) => {
        const given = emission(all, { brokers: [broker] })
        const words = all.flatMap(({ name, exists, ...one }) => [
          name,
          ...Object.entries(exists ? one.changes : one.config).flat(),
        ])
        if (![broker, ...words].every(isPrintable)) {
          expect(() => shOf(given)).toThrow('control characters')
          return
        }
        const commands = called(shOf(given))
        expect(commands).toHaveLength(all.length)
        for (const [at, { name, exists, partitions, ...one }] of all.entries()) {
          const command = commands[at]?.flatMap((word) => optionAndValue(word)) ?? []
          expect(command[2]).toBe(broker)
          expect(valuesOf(command, exists ? '--entity-name' : '--topic')).toContain(name)
          if (exists) continue
          expect(valuesOf(command, '--partitions')).toContain(String(partitions))
          const configs = Object.entries(one.config).map(([name_, value]) => `${name_}=${value}`)
          expect(valuesOf(command, '--config')).toEqual(configs)
        }
      }),
      { numRuns: 60 },
    )
  }, 60_000)

  /** `--topic=-x` is `--topic -x`. */
  function optionAndValue(word: string): string[] {
    const found = /^(--(?:topic|config|entity-name|add-config))=(-.*)$/su.exec(word)
    return found === null ? [word] : [found[1]!, found[2]!]
  }

  function valuesOf(command: readonly string[], option: string): string[] {
    return command.flatMap((word, at) => (word === option && at + 1 < command.length ? [command[at + 1]!] : []))
  }
})

describe('Resources of Strimzi', () => {
  interface Resource {
    readonly apiVersion: string
    readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
    readonly spec: { readonly topicName: string; readonly config?: Readonly<Record<string, string>> }
  }

  function resources(yaml: string, version: '1.1' | '1.2' = '1.2'): Resource[] {
    const documents = parseAllDocuments(yaml, { version })
    if (!Array.isArray(documents)) throw new Error('no documents')
    return documents.map((document) => {
      expect(document.errors).toEqual([])
      return document.toJS() as Resource
    })
  }

  it('have what the operator needs, and no replicas where the brokers’ default will do', () => {
    const other = { ...topic, name: 'app-Counts_by.Key-changelog', replicationFactor: undefined, config: {} }
    expect(resources(strimziOf(emission([topic, other], { strimziCluster: 'main' })))).toEqual([
      {
        apiVersion: 'kafka.strimzi.io/v1',
        kind: 'KafkaTopic',
        metadata: { name: 'orders', labels: { 'strimzi.io/cluster': 'main' } },
        spec: { topicName: 'orders', partitions: 6, replicas: 3, config: { 'cleanup.policy': 'compact' } },
      },
      {
        apiVersion: 'kafka.strimzi.io/v1',
        kind: 'KafkaTopic',
        metadata: {
          name: expect.stringMatching(/^app-counts-by-key-changelog-[0-9a-f]{8}$/),
          labels: { 'strimzi.io/cluster': 'main' },
        },
        spec: { topicName: 'app-Counts_by.Key-changelog', partitions: 6 },
      },
    ])
  })

  it('say what happens to a topic that exists', () => {
    expect(strimziOf(emission([{ ...topic, exists: true }]))).toMatch(/# it exists: .*goes back to its default\n/)
    expect(strimziOf(emission([topic]))).not.toContain('it exists')
  })

  const kafkaName = fc
    .string({
      unit: fc.constantFrom('a', 'b', 'z', 'A', 'B', 'Z', '0', '1', '9', '.', '_', '-'),
      minLength: 1,
      maxLength: 249,
    })
    .filter((name) => name !== '.' && name !== '..')

  it('have names that Kubernetes takes, each its own', () => {
    fc.assert(
      fc.property(fc.uniqueArray(kafkaName, { minLength: 1, maxLength: 20 }), (names) => {
        const all = resources(strimziOf(emission(names.map((name) => ({ ...topic, name })))))
        expect(all.map(({ spec }) => spec.topicName)).toEqual(names)
        const own = all.map(({ metadata }) => metadata.name)
        expect(new Set(own).size).toBe(names.length)
        for (const name of own) {
          expect(name.length).toBeLessThanOrEqual(253)
          expect(name).toMatch(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/)
        }
      }),
    )
  })

  it.each(['1.1', '1.2'] as const)('say every name and value as it is, in YAML %s', (version) => {
    fc.assert(
      fc.property(topics, (all) => {
        const found = resources(strimziOf(emission(all)), version)
        expect(found.map(({ spec }) => spec.topicName)).toEqual(all.map(({ name }) => name.toWellFormed()))
        expect(found.map(({ spec }) => Object.entries(spec.config ?? {}))).toEqual(
          all.map((one) => wellFormed(one.config)),
        )
      }),
    )
  })
})

function wellFormed(found: Readonly<Record<string, string>>): (readonly [string, string])[] {
  return Object.entries(Object.fromEntries(Object.entries(found).map((pair) => pair.map((one) => one.toWellFormed()))))
}

describe('Resources of Terraform', () => {
  it('are what the provider takes; a topic that exists is imported', () => {
    const existing = { ...topic, name: '1.retries', exists: true, config: {} }
    expect(terraformOf(emission([topic, existing]))).toBe(`# app: topics that it needs, and that are missing or differ
# for the provider Mongey/kafka

resource "kafka_topic" "orders" {
  name               = "orders"
  partitions         = 6
  replication_factor = 3

  config = {
    "cleanup.policy" = "compact"
  }
}

# it exists: Terraform takes it over, and what else is set on it goes back to its default
import {
  to = kafka_topic._1_retries
  id = "1.retries"
}

resource "kafka_topic" "_1_retries" {
  name               = "1.retries"
  partitions         = 6
  replication_factor = 3
}
`)
  })

  it('have labels of their own', () => {
    const labels = [
      ...terraformOf(emission(['a.b', 'a_b', 'a:b'].map((name) => ({ ...topic, name })))).matchAll(/" "(.*)"/g),
    ]
    expect(labels.map(([, label]) => label)).toEqual(['a_b', 'a_b_2', 'a_b_3'])
  })

  it('need a replication factor: the provider would make a topic anew for another one', () => {
    expect(() => terraformOf(emission([{ ...topic, replicationFactor: undefined }]))).toThrow(
      'Terraform needs a replication factor for orders: give --replication-factor',
    )
  })

  it('say every name and value as it is, and nothing in them is a template', () => {
    fc.assert(
      fc.property(topics, (all) => {
        const lines = terraformOf(emission(all)).split('\n')
        for (const line of lines) expect(line).not.toMatch(/[^\u0020-\u007E]|[$%]\{/)
        const names = lines.flatMap((line) => (line.startsWith('  name  ') ? [stringsOf(line)[0]] : []))
        expect(names).toEqual(all.map(({ name }) => name.toWellFormed()))
        const configs = lines.flatMap((line) => (line.startsWith('    "') ? [stringsOf(line)] : []))
        expect(configs).toEqual(
          all.flatMap((one) => Object.entries(one.config).map((pair) => pair.map((part) => part.toWellFormed()))),
        )
      }),
    )
  })

  /** The strings of a line, as HCL reads them: of its escapes those that are used. */
  function stringsOf(line: string): string[] {
    return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, inner = '']) =>
      inner.replaceAll(
        /\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|(["\\]))/g,
        (_, four?: string, eight?: string, itself?: string) =>
          itself === undefined ? String.fromCodePoint(Number.parseInt(four ?? eight ?? '', 16)) : itself,
      ),
    )
  }
})

it.each([shOf, strimziOf, terraformOf])('Nothing to do is a comment (%o)', (form) => {
  expect(form(emission([]))).toBe('# app: all topics are as the application needs them\n')
})
