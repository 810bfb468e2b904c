import { expect, it } from 'vitest'
import { redactedLine } from '../../../../src/cli/shell/redact-line.ts'

const secret = 'hunter2'

it.each([
  `run -X kafka.sasl.password=${secret}`,
  `run -X kafka.sasl.username=${secret}`,
  `run -Xkafka.sasl.password=${secret}`,
  `run --set kafka.sasl.password=${secret}`,
  `run --set=kafka.sasl.password=${secret}`,
  `run -X 'kafka={"brokers":["a:1"],"sasl":{"mechanism":"plain","password":"${secret}"}}'`,
  `run -X 'kafka={"ssl":{"key":"${secret}"}'`,
  `run -X kafka.ssl.key=${secret}`,
  `run -X 'httpToken=${secret}'`,
  `run "-X" "kafka.sasl.password=${secret} with blanks"`,
  `status --token ${secret}`,
  `status --token=${secret}`,
  `status --http-token '${secret}'`,
  `send a -H authorization=${secret}`,
  `send a -Hauthorization=${secret}`,
  `send a --header=x-api-token=${secret}`,
  `status --url https://ada:${secret}@host/path`,
  `status --url=https://ada:${secret}@host/path`,
  `MILLRACE_KAFKA__SASL__PASSWORD=${secret} run`,
])('%s is kept without its secret', (line) => {
  const safe = redactedLine(line)
  expect(safe).toContain('(redacted)')
  expect(safe).not.toContain(secret)
})

it.each([
  'tail orders -k : --value-serde json',
  '  describe  src/topology.ts   ',
  `run -X commitIntervalMs=50 -X 'onDeserializationError={"deadLetter":"dlq"}'`,
  'send orders --key-separator = -H trace=a',
  'dlq show letters --message token',
])('%s is kept as it is', (line) => {
  expect(redactedLine(line)).toBe(line.trim())
})

it('a line that cannot be read is not kept', () => {
  expect(redactedLine(`run -X 'kafka.sasl.password=${secret}`)).toBeUndefined()
})
