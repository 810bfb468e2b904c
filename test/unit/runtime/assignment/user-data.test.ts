import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  userDataVersion,
} from '../../../../src/runtime/assignment/user-data.ts'
import type { AssignmentInfo, SubscriptionInfo } from '../../../../src/runtime/assignment/user-data.ts'

const subscription: SubscriptionInfo = {
  version: 1,
  processId: 'p',
  startId: 's',
  startedAtMs: 7,
  transactionalId: 'app-p-1',
  host: 'host',
  directory: '/state/app/0',
  replaces: ['r'],
  topologyFingerprint: 'f',
  tasks: ['0_0'],
  localTasks: ['0_1', '0_2'],
  owners: { '0_0': ['app-p-1'], '0_1': ['app-q-1', 'app-p-1'], '0_2': [] },
  ownersVersion: 3,
}

const assignment: AssignmentInfo = {
  version: 1,
  activeTasks: ['0_0'],
  owners: { '0_0': ['app-q-1', 'app-p-1'] },
  ownersVersion: 4,
  fence: ['app-q-1'],
  conflict: { memberId: 'm', startId: 's', transactionalId: 'app-p-1', host: 'host', directory: '/state/app/0' },
  error: { code: 'MILLRACE_SOURCE_TOPIC_MISSING', message: 'it is not there', topic: 'in' },
}

const bytes = (data: unknown): Buffer => Buffer.from(JSON.stringify(data))
const packed = { ids: ['app-q-1'], tasks: { '0_0': [0] } }

describe('user data', () => {
  it('comes back as it was sent', () => {
    expect(decodeSubscription(encodeSubscription(subscription))).toEqual(subscription)
    const bare = { ...subscription, transactionalId: undefined, directory: undefined }
    expect(decodeSubscription(encodeSubscription(bare))).toEqual(bare)
    expect(decodeAssignment(encodeAssignment(assignment))).toEqual(assignment)
  })

  it('takes defaults for fields that an older member does not send, and ignores those of a newer one', () => {
    const core = { version: 1, processId: 'p', startedAtMs: 7, topologyFingerprint: 'f', tasks: ['0_0'], invented: 1 }
    expect(decodeSubscription(bytes(core))).toEqual({
      version: 1,
      processId: 'p',
      startId: '',
      startedAtMs: 7,
      transactionalId: undefined,
      host: '',
      directory: undefined,
      replaces: [],
      topologyFingerprint: 'f',
      tasks: ['0_0'],
      localTasks: [],
      owners: {},
      ownersVersion: 0,
    })
    expect(decodeAssignment(bytes({ version: 1, activeTasks: [], invented: 1 }))).toEqual({
      version: 1,
      activeTasks: [],
      owners: {},
      ownersVersion: 0,
      fence: [],
      conflict: undefined,
      error: undefined,
    })
  })

  it.each([
    ['version', 2],
    ['processId', undefined],
    ['startId', 1],
    ['startedAtMs', 'now'],
    ['transactionalId', null],
    ['host', null],
    ['directory', 5],
    ['replaces', 'r'],
    ['topologyFingerprint', {}],
    ['tasks', undefined],
    ['tasks', [1]],
    ['localTasks', {}],
    ['owners', { '0_0': ['app-q-1'] }],
    ['owners', { ids: ['app-q-1'], tasks: { '0_0': [1] } }],
    ['owners', { ids: ['app-q-1'], tasks: { '0_0': 0 } }],
    ['owners', { ids: [0], tasks: {} }],
    ['owners', []],
    ['ownersVersion', -1],
    ['ownersVersion', 1.5],
  ])('takes a member whose %s is %j for none of ours', (field, value) => {
    expect(decodeSubscription(bytes({ ...subscription, owners: packed, [field]: value }))).toBeUndefined()
  })

  it.each([
    ['version', 0],
    ['activeTasks', undefined],
    ['owners', null],
    ['ownersVersion', '4'],
    ['fence', [null]],
    ['conflict', { ...assignment.conflict, memberId: 1 }],
    ['conflict', { ...assignment.conflict, host: undefined }],
    ['conflict', 'me'],
    ['error', { code: 'MILLRACE_TIMEOUT' }],
    ['error', { ...assignment.error, topic: 1 }],
  ])('does not accept an assignment whose %s is %j', (field, value) => {
    expect(decodeAssignment(bytes({ ...assignment, owners: packed, [field]: value }))).toBeUndefined()
  })

  it('never throws, whatever the bytes are', () => {
    const anyBytes = fc.oneof(
      fc.uint8Array().map((data) => Buffer.from(data)),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .tuple(fc.constantFrom(...Object.keys({ ...subscription, ...assignment })), fc.jsonValue())
        .map(([field, value]) => bytes({ ...subscription, ...assignment, owners: packed, [field]: value })),
    )
    fc.assert(
      fc.property(anyBytes, (data) => {
        for (const info of [decodeSubscription(data), decodeAssignment(data)]) expect(info?.version ?? 1).toBe(1)
      }),
    )
  })

  it('tells the version of bytes that it cannot read', () => {
    expect(userDataVersion(bytes({ version: 9 }))).toBe(9)
    for (const other of [undefined, Buffer.from('no'), bytes([]), bytes({ version: '9' })]) {
      expect(userDataVersion(other)).toBeUndefined()
    }
  })

  it('writes a transactional id once, however many tasks it owns', () => {
    const id = `app-${'0123456789'.repeat(5)}-1`
    const owners = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`0_${n}`, [id]]))
    const text = encodeSubscription({ ...subscription, owners }).toString()
    expect(text.split(id)).toHaveLength(2)
    expect(text.length).toBeLessThan(15_000)
  })
})
