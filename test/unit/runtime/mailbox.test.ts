import { describe, expect, it } from 'vitest'
import { Mailbox } from '../../../src/runtime/mailbox.ts'

describe('Mailbox', () => {
  it('wakes the thread, hands out mail in order, and settles each when it is dealt with', async () => {
    let wakeups = 0
    const mailbox = new Mailbox<string>(() => wakeups++)
    const settled: string[] = []
    const first = mailbox.send({ kind: 'prepareJoin', deadlineMs: 5 }).then(() => settled.push('first'))
    const second = mailbox.send({ kind: 'assigned', assignment: 'all' }).then(() => settled.push('second'))
    expect(wakeups).toBe(2)
    const [one, two] = [mailbox.take(), mailbox.take()]
    expect([one, two]).toMatchObject([
      { kind: 'prepareJoin', deadlineMs: 5 },
      { kind: 'assigned', assignment: 'all' },
    ])
    expect(mailbox.isEmpty).toBe(true)
    expect(mailbox.take()).toBeUndefined()
    two?.done.resolve()
    await second
    expect(settled).toEqual(['second'])
    one?.done.resolve()
    await first
  })

  it('settles what waits when it is closed, and at once what comes later', async () => {
    const mailbox = new Mailbox<string>(() => undefined)
    const waiting = mailbox.send({ kind: 'lost', cause: new Error('fenced') })
    mailbox.close()
    await waiting
    await mailbox.send({ kind: 'prepareJoin', deadlineMs: 0 })
    expect(mailbox.take()).toBeUndefined()
  })
})
