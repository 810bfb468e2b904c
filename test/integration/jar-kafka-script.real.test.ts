import { expect, it, test } from 'vitest'
import { Child } from '../support/child-process.ts'
import { whatRealKafkaLacks } from '../support/real-kafka.ts'

const missing = await whatRealKafkaLacks()
if (missing !== undefined) test.skip(missing, () => undefined)

const support = new URL('../support/real-kafka.ts', import.meta.url).href
const script = `
import { startKafka } from ${JSON.stringify(support)}
const kafka = await startKafka()
await kafka.killBroker(1)
await kafka.restartBroker(1)
await kafka.stop()
console.log('ended')`

it.skipIf(missing !== undefined)(
  'Kafka from its jars is waited for by a script that has nothing else to do',
  async () => {
    await using child = Child.program(process.execPath, ['--no-warnings', '--input-type=module', '-e', script])
    expect(await child.finished).toMatchObject({ code: 0, stdout: 'ended\n' })
  },
)
