/** Commands for which Kafka's ACLs do not allow what they need: exit code 5, and a sentence that names resource and ACL. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { connectKafka } from '../../src/runtime/connect-kafka.ts'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'
import { cliMatrix } from '../support/cli-matrix.ts'
import { fitsSchema } from '../support/cli-schema.ts'
import { startKafka, whatRealKafkaLacks } from '../support/real-kafka.ts'
import type { RealKafka } from '../support/real-kafka.ts'

const missing = await whatRealKafkaLacks()
if (missing !== undefined) test.skip(missing, () => undefined)

const login = 'org.apache.kafka.common.security.plain.PlainLoginModule'
const module = path.join(import.meta.dirname, '../../topologies/word-count.ts')

const calls: readonly { readonly command: readonly string[]; readonly stdin?: string; readonly names: string }[] = [
  { command: ['send', 'text-lines'], stdin: 'a line\n', names: 'text-lines' },
  { command: ['tail', 'word-counts', '--until-end'], names: 'word-counts' },
  { command: ['run', module, '--state-dir', 'state'], names: 'text-lines' },
  { command: ['describe', module, '--live'], names: 'text-lines' },
  { command: ['topics', 'plan', module], names: 'text-lines' },
  { command: ['topics', 'apply', module], names: 'text-lines' },
  { command: ['status', module], names: 'word-count' },
  { command: ['lag', module], names: 'text-lines' },
  { command: ['lag', '--application-id', 'some-group'], names: 'some-group' },
  { command: ['reset', module, '--dry-run'], names: 'word-count' },
  { command: ['reset', module, '--force-members', '--confirm', 'word-count'], names: 'word-count' },
  { command: ['dlq', 'ls', 'word-counts'], names: 'word-counts' },
  { command: ['dlq', 'show', 'word-counts'], names: 'word-counts' },
  { command: ['dlq', 'retry', 'word-counts', '--yes'], names: 'word-counts' },
  { command: ['shell', module], stdin: 'lag\n', names: 'text-lines' },
]

it('is tried of every command that asks a Kafka', () => {
  const tried = [...calls.map(({ command }) => command.join(' ')), 'doctor']
  for (const { path: name } of cliMatrix.filter(({ isOnKafka }) => isOnKafka)) {
    expect(tried.filter((call) => call.startsWith(name))).not.toEqual([])
  }
})

describe.skipIf(missing !== undefined)('without the permission it needs', () => {
  let kafka: RealKafka
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'millrace-permissions-'))
    kafka = await startKafka({
      secure: { protocol: 'SASL_PLAINTEXT' },
      set: {
        'listener.name.secure.sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.secure.plain.sasl.jaas.config': `${login} required user_nobody="secret-of-nobody";`,
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS',
      },
    })
    const brokers = kafka.bootstrap.map(({ host, port }) => `${host}:${port}`)
    const client = connectKafka({ kafka: { brokers }, applicationId: 'permissions-test' })
    await client.connect()
    const topics = ['text-lines', 'word-counts'].map((name) => ({
      name,
      partitions: 1,
      replicationFactor: 1,
      config: {},
    }))
    await client.admin.createTopics(topics)
    await client.close()
    const sasl = { mechanism: 'plain', username: 'nobody', passwordFile: path.join(folder, 'password') }
    writeFileSync(sasl.passwordFile, 'secret-of-nobody\n')
    const secured = kafka.brokers.map(({ host, securePort }) => `${host}:${securePort}`)
    writeFileSync(path.join(folder, 'millrace.json'), JSON.stringify({ config: { kafka: { brokers: secured, sasl } } }))
  }, 180_000)
  afterAll(async () => {
    await kafka?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function millrace(args: readonly string[], stdin?: string): Promise<Finished> {
    const options = { cwd: folder, env: { HOME: folder }, ...(stdin !== undefined && { stdin }) }
    await using child = Child.millrace(args, options)
    return await child.finished
  }

  it.each(calls)('millrace $command.0 $command.1 says so', async ({ command, stdin, names }) => {
    const { code, stdout, stderr } = await millrace(command, stdin)
    expect({ code, stdout, stderr }).toMatchObject({ code: 5, stdout: '' })
    expect(stderr).toContain(names)
    expect(stderr).toMatch(/not authori[sz]ed|ACL/i)
    expect(stderr).not.toMatch(/\n\s+at |secret-of-nobody/)
  })

  it('with -o json is told as a document', async () => {
    const { code, stderr } = await millrace(['lag', module, '-o', 'json'])
    expect(code).toBe(5)
    expect(fitsSchema('error', stderr)).toMatchObject({ error: { code: 'MILLRACE_KAFKA_AUTHORIZATION', exitCode: 5 } })
  })

  it('millrace doctor finds it, and says which ACLs grant it', async () => {
    const { code, stdout, stderr } = await millrace(['doctor', module, '--state-dir', 'state', '-o', 'json'])
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining('permissions') })
    const { checks } = fitsSchema('doctor', stdout) as { checks: { id: string; status: string; detail: string }[] }
    const found = new Map(checks.map((check) => [check.id, check]))
    expect(found.get('connection')?.status).toBe('ok')
    expect(found.get('brokers')?.status).toBe('ok')
    expect(found.get('replication')).toMatchObject({ status: 'warn' })
    expect(found.get('permissions')).toMatchObject({ status: 'fail', detail: expect.stringMatching(/ACL|lacks/) })
    expect(stdout).not.toContain('secret-of-nobody')
  })
})
