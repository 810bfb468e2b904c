/**
 * What of a topology will not work, will surprise, or is good to know, without a Kafka: judged by its description, the
 * application id and the configuration. A rule that could only be judged on a cluster is not here.
 */
import type { StreamsConfig } from '../processor/streams-config.ts'
import { DescriptionGraph } from './description-graph.ts'
import type { TopologyJson } from './description.ts'
import type { TopologyDiff } from './diff-model.ts'
import { finding, severestFirst, type Finding, type Validated } from './validate-model.ts'
import { checkNames } from './validate-names.ts'
import { checkStores } from './validate-stores.ts'
import { checkTopics } from './validate-topics.ts'

/** The severest first. */
export function validateTopology(topology: TopologyJson, config: Partial<StreamsConfig> = {}): Finding[] {
  const applicationId = config.applicationId ?? topology.applicationId
  const validated: Validated = { graph: new DescriptionGraph(topology), applicationId, config }
  return severestFirst([...checkNames(validated), ...checkStores(validated), ...checkTopics(validated)])
}

/** What changed since a description that was saved, as findings; safe changes are none. */
export function changeFindings({ changes }: TopologyDiff, topology: TopologyJson): Finding[] {
  const graph = new DescriptionGraph(topology)
  return changes.flatMap(({ verdict, subject, name, rule, message, action }) => {
    if (verdict === 'safe') return []
    const store = topology.stores.find((each) => each.name === name)
    const node = subject === 'node' ? name : store?.nodes[0]
    const where = {
      node,
      ...((subject === 'store' || subject === 'topic') && { [subject]: name }),
      place: node === undefined ? undefined : graph.node(node)?.place,
    }
    const fix = action ?? 'nothing, if that is wanted'
    return [
      finding(verdict === 'needs-reset' ? 'change-needs-reset' : 'change-migrates', `${rule}: ${message}`, fix, where),
    ]
  })
}
