/**
 * A topology for people and tools: `toString()` is byte for byte Java's `Topology#describe().toString()`, order of nodes
 * included; all else is ours. What draws is loaded only when a drawing is asked for.
 */
import { describeJson } from './describe-json.ts'
import { describeMermaid } from './describe-mermaid.ts'
import { describeText } from './describe-text.ts'
import type { TopologyJson } from './description.ts'
import type { TopologyDefinition } from './topology-builder.ts'

export class TopologyDescription {
  readonly #json: TopologyJson

  constructor(definition: TopologyDefinition) {
    this.#json = describeJson(definition)
  }

  /** Java's text; tools that draw Kafka Streams' topologies read it. */
  toString(): string {
    return describeText(this.#json)
  }

  /** All that is known, as data; `version` changes when a field's meaning does. */
  toJSON(): TopologyJson {
    return this.#json
  }

  /** A Mermaid flowchart with topics and stores. */
  toMermaid(): string {
    return describeMermaid(this.#json)
  }
}
