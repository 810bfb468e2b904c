import { expect, it } from 'vitest'
import { Session } from '../../../../src/cli/shell/session.ts'

it('gives what is used to the commands, as variables that they know', () => {
  const session = new Session({ MILLRACE_PROFILE: 'production', PATH: '/bin' })
  session.use('brokers', 'a:1,b:2')
  session.use('application', 'orders')
  session.use('module', 'topologies/word-count.ts')
  expect(session.environment).toEqual({
    MILLRACE_PROFILE: 'production',
    PATH: '/bin',
    MILLRACE_BROKERS: 'a:1,b:2',
    MILLRACE_APPLICATION_ID: 'orders',
    MILLRACE_MODULE: 'topologies/word-count.ts',
  })
  session.unset('profile')
  expect(session.environment['MILLRACE_PROFILE']).toBeUndefined()
  expect(session.describe()).not.toContain('production')
})

it.each([
  ['borkers', 'a:1', "did you mean 'brokers'?"],
  ['brokers', 'localhost', 'host:port'],
  ['module', 'nowhere.ts', "there is no file 'nowhere.ts'"],
])('refuses %s %s', (name, value, message) => {
  expect(() => new Session({}).use(name, value)).toThrow(message)
})

it('shows in the prompt what there is room for', () => {
  const session = new Session({})
  expect(session.prompt(80)).toBe('millrace> ')
  session.use('brokers', 'localhost:9092,localhost:9093')
  session.use('module', 'topologies/word-count.ts')
  expect(session.prompt(100)).toBe('millrace localhost:9092,… word-count.ts> ')
  expect(session.prompt(60)).toBe('millrace localhost:9092,…> ')
  expect(session.prompt(20)).toBe('millrace> ')
})
