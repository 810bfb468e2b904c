import { describe, expect, it } from 'vitest'
import { javaConfigHint } from '../../../src/runtime/java-config.ts'
import { checkPartialConfig, configKeys } from '../../../src/runtime/streams-config.ts'

describe('javaConfigHint', () => {
  it.each([
    ['application.id', "here it is 'applicationId'"],
    ['bootstrap.servers', "here it is 'kafka': { brokers: ['host:port'] }"],
    ['bootstrapServers', "here it is 'kafka': { brokers: ['host:port'] }"],
    ['commit.interval.ms', "here it is 'commitIntervalMs'"],
    ['COMMIT_INTERVAL_MS'.toLowerCase(), "here it is 'commitIntervalMs'"],
    ['num.stream.threads', "here it is 'threads'"],
    ['numStreamThreads', "here it is 'threads'"],
    ['consumer.auto.offset.reset', "here it is 'offsetReset'"],
    ['main.consumer.session.timeout.ms', "here it is 'sessionTimeoutMs'"],
    ['producer.compression.type', "here it is 'compression'"],
    ['processor.wrapper.class', "here it is 'processorWrapper'"],
    ['default.key.serde', 'serdes are given where a topic is read or written'],
  ])('knows %s', (key, hint) => {
    expect(javaConfigHint(key, configKeys)).toBe(hint)
  })

  it.each(['comitIntervalMs', 'zzz', 'toString', 'constructor'])('does not know %s', (key) => {
    expect(javaConfigHint(key, configKeys)).toBeUndefined()
  })

  it('names keys that exist', () => {
    for (const key of ['bootstrap.servers', 'errors.dead.letter.queue.topic.name', 'group.instance.id']) {
      const [, ours = ''] = /'(\w+)'/.exec(javaConfigHint(key, configKeys) ?? '') ?? []
      expect(configKeys).toContain(ours)
    }
  })

  it('is part of the error for an unknown key', () => {
    expect(() => checkPartialConfig({ 'commit.interval.ms': 5 } as object)).toThrow(
      "unknown key 'commit.interval.ms'; here it is 'commitIntervalMs' (all keys",
    )
  })
})
