/** The global stores of an instance, as the tasks see them: every processor reads them, and nobody writes to them. */
export interface GlobalStores {
  /** Undefined: the topology has no global store of that name. */
  view(name: string): unknown
}
