import { describe, expect, test } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { FixedKeyProcessor, Processor } from '../../../src/processor/processor.ts'
import type { ProcessorWrapper } from '../../../src/processor/processor-wrapper.ts'
import type { StreamsConfig } from '../../../src/processor/streams-config.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { TopologyTestDriver } from '../../../src/testing/topology-test-driver.ts'
import { Topology } from '../../../src/topology/topology.ts'

const strings = { key: serdes.string, value: serdes.string }

interface Seen {
  readonly wrapped: string[]
  readonly processed: string[]
}

/** Notes who is wrapped, and what reaches whom. */
function recording(): ProcessorWrapper & Seen {
  const wrapped: string[] = []
  const processed: string[] = []
  const note = (name: string, value: unknown): number => processed.push(`${name} ${JSON.stringify(value)}`)
  return {
    wrapped,
    processed,
    wrapProcessorSupplier(name, supplier) {
      wrapped.push(name)
      return () => {
        const inner = supplier()
        return {
          init: (context) => inner.init?.(context),
          process: (record) => {
            note(name, record.value)
            inner.process(record)
          },
          close: () => inner.close?.(),
        }
      }
    },
    wrapFixedKeyProcessorSupplier(name, supplier) {
      wrapped.push(`${name} (fixed key)`)
      return () => {
        const inner = supplier()
        return {
          init: (context) => inner.init?.(context),
          process: (record) => {
            note(name, record.value)
            inner.process({ ...record, timestamp: record.timestamp + 1 })
          },
        }
      }
    },
  }
}

function shout(): FixedKeyProcessor<string, string, string> {
  let context: Parameters<NonNullable<FixedKeyProcessor<string, string, string>['init']>>[0]
  return {
    init: (given) => {
      context = given
    },
    process: (record) => context.forward({ ...record, value: `${record.value}!` }),
  }
}

function wordCount(config: Partial<StreamsConfig> = {}): Topology {
  const builder = new StreamsBuilder(config)
  builder
    .stream('in', strings)
    .processValues(shout, { name: 'shout' })
    .groupBy((word) => word, strings)
    .count({ store: 'counts' })
    .toStream()
    .to('out')
  return builder.build()
}

function run(topology: Topology, config: Partial<StreamsConfig> = {}): unknown[] {
  const driver = new TopologyTestDriver(topology, { applicationId: 'app', cacheMaxBytes: 0, ...config })
  driver.createInputTopic('in', serdes.string, serdes.string).pipeInput({ key: 'k', value: 'a', timestamp: 5 })
  const out = driver.createOutputTopic('out', serdes.string, serdes.int64).readRecords()
  driver.close()
  return out.map(({ key, value, timestamp }) => [key, value, timestamp])
}

describe('A processor wrapper', () => {
  test('wraps every processor of the topology, and sees every record', () => {
    const wrapper = recording()
    expect(run(wordCount(), { processorWrapper: wrapper })).toEqual([['a!', 1, 6]])
    expect(wrapper.wrapped).toEqual([
      'shout (fixed key)',
      'KSTREAM-KEY-SELECT-0000000001',
      'counts-repartition-filter',
      'KSTREAM-AGGREGATE-0000000002',
      'KTABLE-TOSTREAM-0000000006',
    ])
    expect(wrapper.processed).toEqual([
      'shout "a"',
      'KSTREAM-KEY-SELECT-0000000001 "a!"',
      'counts-repartition-filter "a!"',
      'KSTREAM-AGGREGATE-0000000002 "a!"',
      'KTABLE-TOSTREAM-0000000006 {"newValue":1,"oldValue":null,"isLatest":true}',
    ])
  })

  test('can be given where the topology is built', () => {
    const wrapper = recording()
    run(wordCount({ processorWrapper: wrapper }))
    expect(wrapper.wrapped).toHaveLength(5)
  })

  test('leaves the description and the names as they are', () => {
    const wrapped = wordCount({ processorWrapper: recording() })
    expect(wrapped.describe().toString()).toBe(wordCount().describe().toString())
  })

  test('may change what reaches an operator of the DSL', () => {
    const wrapper: ProcessorWrapper = {
      wrapProcessorSupplier: (name, supplier) => {
        if (!name.startsWith('KSTREAM-KEY-SELECT')) return supplier
        return () => {
          const inner = supplier()
          return {
            init: (context) => inner.init?.(context),
            process: (record) => {
              inner.process({ ...record, timestamp: 100 })
              inner.process({ ...record, headers: [['h', null]] })
            },
          }
        }
      },
    }
    expect(run(wordCount(), { processorWrapper: wrapper })).toEqual([
      ['a!', 1, 100],
      ['a!', 2, 100],
    ])
  })

  test('wraps users’ own processors as they are', () => {
    class Mine implements Processor<string, string, string, string> {
      process(): void {
        // Nothing.
      }
    }
    const seen: unknown[] = []
    const wrapper: ProcessorWrapper = {
      wrapProcessorSupplier: (_name, supplier) => () => {
        const inner = supplier()
        seen.push(inner instanceof Mine)
        return { process: (record) => inner.process(record) }
      },
    }
    const topology = new Topology().addSource('src', 'in', strings).addProcessor('p', () => new Mine(), 'src')
    new TopologyTestDriver(topology, { processorWrapper: wrapper }).close()
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.every(Boolean)).toBe(true)
  })

  test('must pass on the context that it was given', () => {
    const wrapper: ProcessorWrapper = {
      wrapProcessorSupplier: (_name, supplier) => () => {
        const inner = supplier()
        return { init: (context) => inner.init?.({ ...context }), process: (record) => inner.process(record) }
      },
    }
    expect(() => run(wordCount(), { processorWrapper: wrapper })).toThrow(/another context than its own/)
  })
})
