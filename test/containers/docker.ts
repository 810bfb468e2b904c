/**
 * A container engine through its command, for tests: containers whose output is kept and awaited, networks, volumes. All
 * carry a label, by which the next run removes what one that was broken off has left.
 */
import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { Child } from '../support/child-process.ts'

/** Its value is the process that made the thing. */
const label = 'millrace.container-test'
const own = `${label}=${process.pid}`
const graceSeconds = 30

/** What the command prints on stdout; rejects with what it prints on stderr. */
export async function docker(...args: readonly string[]): Promise<string> {
  const limits = { timeout: 300_000, maxBuffer: 64 << 20 }
  const { stdout } = await promisify(execFile)('docker', args, { ...limits, env: withoutMark() })
  return stdout.trim()
}

/** A process that belongs to the engine must not be taken for one that was left behind (.ci/run). */
function withoutMark(): NodeJS.ProcessEnv {
  const { MILLRACE_CI_RUN: _, ...environment } = process.env
  return environment
}

/** Undefined where containers can be started; else the line that says what is missing, for the skipped tests. */
export async function whatContainersLack(): Promise<string | undefined> {
  try {
    await docker('info', '--format', '{{.ServerVersion}}')
    return undefined
  } catch {
    return 'container tests skipped: no container engine answers `docker info` (install Docker, set DOCKER_HOST, or as root: eval "$(scripts/containers/engine.sh start)")'
  }
}

/** Of one test file: everything in it ends with it. */
export class ContainerBed {
  readonly network: string
  readonly #volumes: string[] = []
  readonly #containers: Promise<Container>[] = []

  private constructor(network: string) {
    this.network = network
  }

  static async open(): Promise<ContainerBed> {
    await removeLeftOvers()
    const name = `millrace-test-${process.pid}-${Date.now()}`
    await docker('network', 'create', '--label', own, name)
    return new ContainerBed(name)
  }

  async volume(): Promise<string> {
    const name = await docker('volume', 'create', '--label', own)
    this.#volumes.push(name)
    return name
  }

  /** Started, not awaited: `await container.prints('…')`. */
  start(image: string, options: ContainerOptions = {}): Promise<Container> {
    const args = ['run', '--detach', '--label', own, '--network', this.network, ...(options.args ?? [])]
    for (const [name, value] of Object.entries(options.env ?? {})) args.push('--env', `${name}=${value}`)
    const container = docker(...args, image, ...(options.command ?? [])).then((id) => new Container(id))
    this.#containers.push(container)
    return container
  }

  /** Those that are still being started, after a failure, too. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#containers.map(async (container) => (await container).remove()))
    if (this.#volumes.length > 0) await docker('volume', 'rm', '--force', ...this.#volumes)
    await docker('network', 'rm', this.network)
  }
}

/** Of test runs that were broken off: their processes are gone. */
async function removeLeftOvers(): Promise<void> {
  const kinds = [
    { list: ['ps', '--all'], remove: ['rm', '--force', '--volumes'], name: '{{.ID}}' },
    { list: ['volume', 'ls'], remove: ['volume', 'rm', '--force'], name: '{{.Name}}' },
    { list: ['network', 'ls'], remove: ['network', 'rm'], name: '{{.ID}}' },
  ]
  for (const { list, remove, name } of kinds) {
    const format = `{{.Label "${label}"}} ${name}`
    const lines = await docker(...list, '--filter', `label=${label}`, '--format', format)
    const names = lines.split('\n').flatMap((line) => {
      const [pid = '', id = ''] = line.split(' ')
      return id === '' || isAlive(Number(pid)) ? [] : [id]
    })
    if (names.length > 0) await docker(...remove, ...names).catch(() => undefined)
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export interface ContainerOptions {
  /** Of `docker run`, before the image. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** After the image. */
  readonly command?: readonly string[]
}

export class Container {
  readonly id: string
  readonly #logs: Child

  constructor(id: string) {
    this.id = id
    this.#logs = Child.program('docker', ['logs', '--follow', id])
  }

  /** Resolves when its output contains `text`, from now on or already; rejects when it ends without it. */
  prints(text: string): Promise<void> {
    return this.#logs.prints(text)
  }

  get output(): string {
    return this.#logs.output
  }

  async kill(signal: 'SIGKILL'): Promise<void> {
    await docker('kill', '--signal', signal, this.id)
    await this.#logs.finished
  }

  /** SIGTERM, as an orchestrator does; resolves with the exit code, 137 where it had to be killed. */
  async stop(): Promise<number> {
    await docker('stop', '--time', String(graceSeconds), this.id)
    return this.exitCode()
  }

  /** When it has ended by itself, or was ended. */
  async exitCode(): Promise<number> {
    const code = Number(await docker('wait', this.id))
    await this.#logs.finished
    return code
  }

  /** A field of `docker inspect`, as a Go template. */
  inspect(template: string): Promise<string> {
    return docker('inspect', '--format', template, this.id)
  }

  async exec(...command: readonly string[]): Promise<string> {
    return docker('exec', this.id, ...command)
  }

  async remove(): Promise<void> {
    await docker('rm', '--force', '--volumes', this.id)
    await this.#logs[Symbol.asyncDispose]()
  }
}

/** Free at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
