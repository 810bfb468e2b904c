/** An application in a process of its own, with nothing but the embedded broker. Ends at SIGTERM. */
import { StreamsBuilder } from '../../../src/dsl/streams-builder.ts'
import { KafkaStreams } from '../../../src/runtime/kafka-streams.ts'
import { EmbeddedKafka } from '../../../src/testing/embedded-kafka.ts'

const kafka = await EmbeddedKafka.start()
await kafka.createTopic('in')
const builder = new StreamsBuilder()
builder.stream('in').to('out')
const app = new KafkaStreams(builder.build(), { applicationId: 'alive', kafka })
process.once('SIGTERM', () => void app.close())
await app.start()
console.log('running')
await app.stateIs('NOT_RUNNING')
console.log('closed')
