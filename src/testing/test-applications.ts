/** The applications that `runTopology` has started on a Kafka: what they read, and whether they can still get anywhere. */
import type { StreamsState } from '../runtime/kafka-streams.ts'

export interface TestApplication {
  readonly applicationId: string
  readonly state: StreamsState
  /** What ended it; undefined unless it failed. */
  failure(): Promise<Error | undefined>
}

export class TestApplications {
  readonly #instances: TestApplication[] = []
  readonly #reads = new Map<string, (topic: string) => boolean>()

  add(instance: TestApplication, reads: (topic: string) => boolean): void {
    this.#instances.push(instance)
    this.#reads.set(instance.applicationId, reads)
  }

  get ids(): readonly string[] {
    return [...this.#reads.keys()]
  }

  /** Whether its tasks read a topic; undefined for an application that was not started here. */
  reads(applicationId: string): ((topic: string) => boolean) | undefined {
    return this.#reads.get(applicationId)
  }

  /**
   * What has ended the instances of an application, or of all: undefined while there is one that has not failed, and where
   * there is none, since somebody else may run it.
   */
  async failure(applicationId?: string): Promise<Error | undefined> {
    const meant = this.#instances.filter(
      (instance) =>
        instance.state !== 'NOT_RUNNING' && (applicationId === undefined || instance.applicationId === applicationId),
    )
    const failures = await Promise.all(meant.map((instance) => instance.failure()))
    return failures.every((failure) => failure !== undefined) ? failures[0] : undefined
  }
}
