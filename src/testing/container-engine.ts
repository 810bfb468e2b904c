/**
 * The package `testcontainers` and the container engine behind it, either of which may not be there: it is loaded when a
 * test asks for a container, and what is missing is one line.
 */
import type * as Testcontainers from 'testcontainers'
import { TestingError } from '../errors/testing-error.ts'

type Library = typeof Testcontainers
type Runtime = Awaited<ReturnType<Library['getContainerRuntimeClient']>>
/** A container by dockerode, which Testcontainers is made on. */
export type EngineContainer = ReturnType<Runtime['container']['getById']>

export interface ContainerEngine {
  readonly library: Library
  readonly runtime: Runtime
  /** Where ports of containers are reached from here; not always localhost. */
  readonly host: string
  /** The engine's own handle, for what Testcontainers does not offer: kill, pause, a start with the same ports. */
  container(id: string): EngineContainer
}

const logTailLines = 40

/** Throws a `TestingError` in one line where a container cannot be had. */
export async function containerEngine(): Promise<ContainerEngine> {
  const library = await load()
  const runtime = await library.getContainerRuntimeClient().catch((cause: unknown) => {
    throw new TestingError(
      'MILLRACE_TEST_KAFKA_UNAVAILABLE',
      `there is no container engine: start Docker or Podman, or set DOCKER_HOST to where it listens; without one, on: 'jars' needs Java alone and on: 'embedded' nothing`,
      { cause },
    )
  })
  return {
    library,
    runtime,
    host: runtime.info.containerRuntime.host,
    container: (id) => runtime.container.getById(id),
  }
}

async function load(): Promise<Library> {
  try {
    return await import('testcontainers')
  } catch (cause) {
    const { code, message = String(cause) } = cause as { readonly code?: string; readonly message?: string }
    const isMissing =
      code === 'ERR_MODULE_NOT_FOUND' || /cannot find (?:module|package) 'testcontainers'/i.test(message)
    throw new TestingError(
      'MILLRACE_TEST_KAFKA_UNAVAILABLE',
      isMissing
        ? "Kafka in a container needs the package testcontainers: npm install --save-dev testcontainers; without it, on: 'jars' needs Java alone and on: 'embedded' nothing"
        : `the package testcontainers does not load on Node ${process.version}: ${message.split('\n')[0]}; its newest version needs Node 22.22`,
      { cause },
    )
  }
}

/** The last lines of both outputs; the engine mixes them in frames of an 8-byte header and the text. */
export async function containerLogTail(container: EngineContainer): Promise<string> {
  const frames = await container
    .logs({ stdout: true, stderr: true, tail: logTailLines, follow: false })
    .catch(() => Buffer.alloc(0))
  const texts: string[] = []
  for (let at = 0; at + 8 <= frames.length;) {
    const end = at + 8 + frames.readUInt32BE(at + 4)
    texts.push(frames.toString('utf8', at + 8, end))
    at = end
  }
  return texts.join('').trimEnd()
}
