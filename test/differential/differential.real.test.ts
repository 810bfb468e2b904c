import { expect, it } from 'vitest'
import { compileJava, whatJavaStreamsLacks } from '../support/java-streams.ts'
import { compareSeeds } from './compare-seeds.ts'
import { javaSources, JavaSide } from './java-side.ts'

// A share of `node test/differential/run.ts --seeds 5000`; those that were recorded run in test/unit/testing.

const missing = await whatJavaStreamsLacks()
if (missing !== undefined) console.log(missing)

it.skipIf(missing !== undefined)(
  'random topologies do on millrace what they do on Kafka Streams',
  { timeout: 300_000 },
  async () => {
    const differences: string[] = []
    await using java = new JavaSide(await compileJava(javaSources))
    const { equal, failed } = await compareSeeds({
      java,
      from: 1,
      seeds: 400,
      failuresMax: 3,
      shrinks: true,
      only: [],
      headers: true,
      crashes: false,
      onFailure: (text) => differences.push(text),
    })
    expect(differences.join('\n\n')).toBe('')
    expect(failed).toEqual([])
    expect(equal).toBeGreaterThan(350)
  },
)
