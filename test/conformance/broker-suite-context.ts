import type { RawKafka } from '../support/raw-kafka.ts'

/** Names are unique per run, so that cases do not see each other. */
export interface Suite {
  connect(): Promise<RawKafka>
  name(of: string): string
  createTopic(options?: { readonly partitions?: number; readonly config?: Record<string, string> }): Promise<string>
}

/** Asks again until it holds; for what a real cluster does a moment later. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('it did not come to hold within some 5 s')
}
