import { totalmem } from 'node:os'

/** The memory this process may use: its container's limit where there is one, else the machine's. */
export function availableMemoryBytes(): number {
  const limit = process.constrainedMemory()
  return limit > 0 && limit < totalmem() ? limit : totalmem()
}
