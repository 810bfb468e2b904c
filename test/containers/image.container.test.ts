/** The image that docker/Dockerfile makes of a project: what is in it, as whom it runs, how it starts, stops, keeps state. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { committedToEnd, partitionsOf } from '../../src/cli/topic-reader.ts'
import { systemClock } from '../../src/common/clock.ts'
import type { KafkaClient } from '../../src/kafka/client/kafka-client.ts'
import { WordLoad } from '../support/word-count-load.ts'
import type { Container } from './docker.ts'
import { ContainerBed, docker, whatContainersLack } from './docker.ts'
import { makeTopics, startKafkaContainer } from './kafka-container.ts'
import { input, output, repartition, running, startWordCount } from './word-count-app.ts'
import { buildWordCountImage, imageSizeBytes } from './word-count-image.ts'

const partitions = 4
const lacks = await whatContainersLack()
if (lacks !== undefined) console.log(lacks)

describe.skipIf(lacks !== undefined)('the image of an application', () => {
  let bed: ContainerBed
  let image: string
  let client: KafkaClient

  beforeAll(async () => {
    image = await buildWordCountImage()
    bed = await ContainerBed.open()
    client = (await startKafkaContainer(bed)).client
    await makeTopics(client, [input, output], partitions)
  }, 900_000)

  afterAll(async () => {
    await client?.close()
    await bed?.close()
  })

  const once = async (...command: readonly string[]): Promise<string> => docker('run', '--rm', image, ...command)

  const allCounted = async (): Promise<void> => {
    for (const topic of [input, repartition]) {
      await committedToEnd(client, 'word-count', partitionsOf(topic, partitions))
    }
  }

  /** From the start of the container to the moment when a read_committed reader can have a result. */
  const firstOutputMs = async (container: Container, before: number): Promise<number> => {
    const query = partitionsOf(output, partitions).map((partition) => ({ ...partition, timestamp: -1 }))
    let count = before
    while (count === before) count = sum(await client.listOffsets(query, 'read_committed'))
    return systemClock.now() - Date.parse(await container.inspect('{{.State.StartedAt}}'))
  }

  const outputEnd = async (): Promise<number> =>
    sum(
      await client.listOffsets(
        partitionsOf(output, partitions).map((partition) => ({ ...partition, timestamp: -1 })),
        'read_committed',
      ),
    )

  it('is smaller than 250 MB with its base', async () => {
    const bytes = await imageSizeBytes(image)
    console.log(`image: ${(bytes / 1e6).toFixed(0)} MB with its base`)
    expect(bytes).toBeLessThan(250e6)
  })

  it('has no packages of tests, not even those that millrace can use', async () => {
    const print = 'console.log(fs.readdirSync("/app/node_modules").join(" "))'
    const packages = await docker('run', '--rm', '--entrypoint', 'node', image, '-e', print)
    expect(packages.split(' ')).toContain('millrace')
    expect(packages.split(' ')).not.toContain('testcontainers')
  })

  it('runs as a user by number, which is not root', async () => {
    expect(await docker('image', 'inspect', '--format', '{{.Config.User}}', image)).toBe('1000:1000')
  })

  it('is the command line: other commands take the place of `run`', async () => {
    expect(await once('describe')).toContain('Sub-topology: 1')
    expect(await once('--version')).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('has an init process, which takes orphans and passes signals on', async () => {
    await using container = await disposable(startWordCount(bed, await bed.volume()))
    await container.prints(running)
    expect(await container.exec('cat', '/proc/1/cmdline')).toMatch(/^\/usr\/local\/bin\/init\0/)
    expect(await container.stop()).toBe(0)
    // Before Node has a handler the kernel would drop the signal to a process 1.
    await using early = await disposable(startWordCount(bed, await bed.volume()))
    expect([0, 128 + 15]).toContain(await early.stop())
  })

  it('is built without a package mirror too, for engines that bring an init process', async () => {
    const plain = await buildWordCountImage('millrace-test/word-count:no-init', '--build-arg', 'INIT=none')
    expect(await docker('run', '--rm', '--init', plain, '--version')).toMatch(/^\d+\.\d+\.\d+$/)
    await docker('image', 'rm', plain)
  })

  it('is healthy while it runs, by its own check, and not when it does something else', async () => {
    const check = JSON.parse(await docker('image', 'inspect', '--format', '{{json .Config.Healthcheck.Test}}', image))
    const [, ...command] = check as [string, ...string[]]
    await using container = await disposable(startWordCount(bed, await bed.volume()))
    await container.prints(running)
    await expect(container.exec(...command)).resolves.toBe('')
    expect(await container.stop()).toBe(0)
    await using other = await disposable(startWordCount(bed, await bed.volume(), { command: ['broker'] }))
    await other.prints('listening on')
    await expect(other.exec(...command)).rejects.toThrow(/Command failed/)
  })

  it('answers probes from outside, and the rest only to who has the token, which comes from a file', async () => {
    const env = { MILLRACE_HTTP: '0.0.0.0:8080', MILLRACE_HTTP_TOKEN_FILE: '/etc/hostname' }
    const args = ['--hostname', 'a-name-that-is-long-enough']
    await using container = await disposable(startWordCount(bed, await bed.volume(), { env, args }))
    await container.prints(running)
    const ask = `const token = fs.readFileSync('/etc/hostname', 'utf8').trim(), url = 'http://' + os.hostname() + ':8080'
      const status = async (path, headers = {}) => (await fetch(url + path, { headers })).status
      const trusted = { authorization: 'Bearer ' + token }
      Promise.all([status('/livez'), status('/readyz'), status('/metrics'), status('/metrics', trusted)]).then(console.log)`
    expect(await container.exec('node', '-e', ask)).toBe('[ 200, 200, 401, 200 ]')
    expect(await container.stop()).toBe(0)
  })

  it('goes on from the state on its volume after a stop, and restores it from Kafka on a new one', async () => {
    const volume = await bed.volume()
    const load = new WordLoad(3)
    await load.produce(client, input, partitions, 1000)
    const start = async (on: string): Promise<Container> => {
      const container = await startWordCount(bed, on, { command: ['run', '--verbose'] })
      await container.prints(running)
      return container
    }
    const first = await start(volume)
    await allCounted()
    expect(await first.stop()).toBe(0)
    expect(first.output).toContain('-> NOT_RUNNING')

    const again = await start(volume)
    expect(again.output).not.toContain(restored)
    expect(await again.stop()).toBe(0)

    const elsewhere = await start(await bed.volume())
    expect(elsewhere.output).toContain(restored)
    expect(await elsewhere.stop()).toBe(0)
  })

  it('has its first result soon after it is started', async () => {
    const volume = await bed.volume()
    await using before = await disposable(startWordCount(bed, volume))
    await before.prints(running)
    await allCounted()
    expect(await before.stop()).toBe(0)
    const end = await outputEnd()
    await new WordLoad(4).produce(client, input, partitions, 1)
    await using container = await disposable(startWordCount(bed, volume))
    console.log(`first output ${await firstOutputMs(container, end)} ms after the container's start`)
    expect(await container.stop()).toBe(0)
  })
})

const restored = 'store restored from its changelog'

function sum(offsets: ReadonlyMap<unknown, number>): number {
  return [...offsets.values()].reduce((total, offset) => total + offset, 0)
}

/** Removed at the end of the test, however it ends. */
async function disposable(starting: Promise<Container>): Promise<Container & AsyncDisposable> {
  const container = await starting
  return Object.assign(container, { [Symbol.asyncDispose]: () => container.remove() })
}
