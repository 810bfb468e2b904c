/**
 * A topology for people and tools: `toString()` is byte for byte Java's `Topology#describe().toString()`, order of nodes
 * included; all else is ours. What draws is loaded only when a drawing is asked for.
 */
import { describeDot } from './describe-dot.ts'
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

  /** Graphviz' language. */
  toDot(): string {
    return describeDot(this.#json)
  }

  /** A picture, readable on light and dark paper; it loads nothing and runs nothing. `applicationId`: for its title. */
  async toSvg({ applicationId }: DrawingOptions = {}): Promise<string> {
    const { describeSvg } = await import('./describe-svg.ts')
    return describeSvg(withId(this.#json, applicationId))
  }

  /** One page with the picture, tables and a search; it loads nothing. */
  async toHtml({ applicationId }: DrawingOptions = {}): Promise<string> {
    const { describeHtml } = await import('./describe-html.ts')
    return describeHtml(withId(this.#json, applicationId))
  }
}

/** Of `toSvg` and `toHtml`. */
export interface DrawingOptions {
  readonly applicationId?: string
}

function withId(topology: TopologyJson, applicationId: string | undefined): TopologyJson {
  return applicationId === undefined ? topology : { ...topology, applicationId }
}
