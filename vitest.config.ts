import { fileURLToPath } from 'node:url'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/** What an application imports as `millrace` is the source here, so that tests need no build. */
const alias = [
  { find: /^millrace$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
  { find: /^millrace\/testing$/, replacement: fileURLToPath(new URL('src/testing.ts', import.meta.url)) },
  { find: /^millrace\/otel$/, replacement: fileURLToPath(new URL('src/otel.ts', import.meta.url)) },
]

/** Files that need a real Kafka end so, wherever they are; they are the project `kafka` and nothing else. */
const needsKafka = 'test/**/*.real.test.ts'
/** And those that need a container engine: the project `container`. */
const needsContainers = 'test/**/*.container.test.ts'

/** Kafka's jars are kept with the project, not with the user. */
const cache = fileURLToPath(new URL('.cache/kafka', import.meta.url))
const env = { MILLRACE_KAFKA_CACHE: process.env['MILLRACE_KAFKA_CACHE'] ?? cache }

function project(name: string, timeoutMs: number): TestProjectInlineConfiguration {
  return {
    resolve: { alias },
    test: {
      name,
      env,
      include: [`test/${name}/**/*.test.ts`],
      exclude: [needsKafka, needsContainers],
      testTimeout: timeoutMs,
      hookTimeout: 60_000,
    },
  }
}

/** Beside what they test, as in an application. */
function examples(): TestProjectInlineConfiguration {
  return { resolve: { alias }, test: { name: 'topologies', include: ['topologies/**/*.test.ts'], testTimeout: 30_000 } }
}

/** One file at a time: each starts brokers of its own, and they are measured in hundreds of MB. */
function outerProject(name: string, files: string, timeoutMs: number): TestProjectInlineConfiguration {
  return {
    resolve: { alias },
    test: {
      name,
      env,
      include: [files],
      fileParallelism: false,
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs + 60_000,
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
      outerProject('kafka', needsKafka, 120_000),
      outerProject('container', needsContainers, 180_000),
    ],
  },
})
