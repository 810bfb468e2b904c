/** What is done to one store, counted by its core and its faces with a plain increment each. Read by the runtime. */
export class StoreStats {
  puts = 0
  /** Nulls that were written. */
  deletes = 0
  /** By key. */
  gets = 0
  /** Of windows and sessions. */
  fetches = 0
  ranges = 0
  alls = 0
  prefixScans = 0
  restored = 0
  openIterators = 0
}
