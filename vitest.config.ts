import { fileURLToPath } from 'node:url'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/** What an application imports as `millrace` is the source here, so that tests need no build. */
const alias = [
  { find: /^millrace$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
  { find: /^millrace\/testing$/, replacement: fileURLToPath(new URL('src/testing.ts', import.meta.url)) },
]

/** Files that need a real Kafka end so, wherever they are; they are the project `kafka` and nothing else. */
const needsKafka = 'test/**/*.real.test.ts'

function project(name: string, timeoutMs: number): TestProjectInlineConfiguration {
  return {
    resolve: { alias },
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      exclude: [needsKafka],
      testTimeout: timeoutMs,
      hookTimeout: 60_000,
    },
  }
}

/** Beside what they test, as in an application. */
function examples(): TestProjectInlineConfiguration {
  return { resolve: { alias }, test: { name: 'topologies', include: ['topologies/**/*.test.ts'], testTimeout: 30_000 } }
}

function kafkaProject(): TestProjectInlineConfiguration {
  return {
    resolve: { alias },
    test: {
      name: 'kafka',
      include: [needsKafka],
      // One broker at a time: each file starts its own, and they are measured in hundreds of MB.
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 180_000,
    },
  }
}

export default defineConfig({
  test: {
    // More than the cores of a small machine: most of what takes long is waiting for time-outs.
    maxWorkers: 4,
    projects: [
      project('unit', 30_000),
      project('codebase', 30_000),
      project('conformance', 60_000),
      project('integration', 60_000),
      project('simulation', 60_000),
      examples(),
      kafkaProject(),
    ],
  },
})
