import { describe, expect, it } from 'vitest'
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import type { Processor } from '../../../src/processor/processor.ts'
import type { StreamsConfig } from '../../../src/processor/streams-config.ts'
import { serdes } from '../../../src/serde/serdes.ts'
import { TopologyTestDriver, type TopologyTestDriverOptions } from '../../../src/testing/topology-test-driver.ts'
import type { Topology } from '../../../src/topology/topology.ts'

// What Java's driver does with its one task is in the vectors ("one task: …").

const strings = { key: serdes.string, value: serdes.string }

/** Says in which task it is, and what time it is there. */
function witness(): Processor<string, string, string, string> {
  let say: (record: Parameters<Processor<string, string, string, string>['process']>[0]) => void
  return {
    init(context) {
      say = (record) => context.forward({ ...record, value: `${context.taskId}@${context.currentStreamTime}` })
    },
    process: (record) => say(record),
  }
}

function twoSubTopologies(config: Partial<StreamsConfig> = {}): Topology {
  const builder = new StreamsBuilder(config)
  for (const topic of ['one', 'two']) builder.stream(topic, strings).process(witness).to('out', strings)
  return builder.build()
}

function said(topology: Topology, config: Partial<StreamsConfig> & TopologyTestDriverOptions = {}): string[] {
  const driver = new TopologyTestDriver(topology, config)
  const topics = ['one', 'two'].map((topic) => driver.createInputTopic(topic, serdes.string, serdes.string))
  for (const [index, topic] of topics.entries()) topic.pipeInput({ key: 'k', value: 'v', timestamp: 20 - index })
  const out = driver.createOutputTopic('out', serdes.string, serdes.string).readRecords()
  return out.flatMap(({ value }) => value ?? [])
}

describe('The test driver', () => {
  it('runs the tasks that an application has', () => {
    expect(said(twoSubTopologies())).toEqual(['0_0@20', '1_0@19'])
  })

  it("runs one task with compatibility 'java', also where only the topology was built with it", () => {
    const java = { compatibility: 'java' as const }
    expect(said(twoSubTopologies(java), java)).toEqual(['0_0@20', '0_0@20'])
    expect(said(twoSubTopologies(java))).toEqual(['0_0@20', '0_0@20'])
  })

  it('runs several tasks where a topic has several partitions, which the driver of Java has not', () => {
    const java = { compatibility: 'java' as const }
    expect(said(twoSubTopologies(java), { ...java, partitions: { two: 2 } })).toEqual(['0_0@20', '1_0@19'])
  })
})
