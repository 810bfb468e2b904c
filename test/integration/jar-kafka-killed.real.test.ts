/** What is left of Kafka's processes when the process that has started them is killed: nothing. */
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, it, test } from 'vitest'
import { endProcesses, isAlive } from '../../src/testing/own-processes.ts'
import { Child } from '../support/child-process.ts'
import { eventually } from '../support/client-bed.ts'
import { whatRealKafkaLacks } from '../support/real-kafka.ts'

const missing = await whatRealKafkaLacks()
if (missing !== undefined) test.skip(missing, () => undefined)

const support = new URL('../support/real-kafka.ts', import.meta.url).href

/** A broker in its second life, paused. Says its id and its folder, and stays. */
const script = `
import { startKafka } from ${JSON.stringify(support)}
const kafka = await startKafka()
await kafka.killBroker(1)
await kafka.restartBroker(1)
kafka.pauseBroker(1)
setInterval(() => undefined, 60_000)
console.log(JSON.stringify({ pids: kafka.brokers.map(({ pid }) => pid), folder: kafka.folder }) + ';')`

it.skipIf(missing !== undefined || process.platform === 'win32').each(['SIGKILL', 'SIGINT'] as const)(
  'Brokers from jars end with the process that has started them, also when %s ends it',
  async (signal) => {
    // Its own temporary directory is removed, whatever lies in it.
    const env = { TMPDIR: tmpdir() }
    const args = ['--no-warnings', '--input-type=module', '-e', script]
    await using child = Child.program(process.execPath, args, { env })
    await child.prints(';')
    const { pids, folder } = JSON.parse(child.output.split(';', 1)[0] ?? '') as { pids: number[]; folder: string }
    try {
      expect(pids.map((pid) => isAlive(pid))).toEqual([true])
      child.kill(signal)
      expect(await child.finished).toMatchObject({ signal })
      await eventually(() => !existsSync(folder) && !pids.some((pid) => isAlive(pid)))
    } finally {
      await endProcesses(pids, folder, 'SIGKILL')
    }
  },
)
