/** `millrace send`, as a process, on an embedded broker over TCP. */
import { describe, expect, it } from 'vitest'
import { CliBed } from '../support/cli-bed.ts'

describe('millrace send', () => {
  it('ends with 4 for a topic that does not exist and is not made by the broker, naming the one that is meant', async () => {
    await using bed = await CliBed.start({ orders: 1 })
    const near = await bed.millrace(['send', 'ordrs'])
    expect(near).toMatchObject({ code: 4, stderr: expect.stringContaining("did you mean 'orders'? If not, create it") })
    const far = await bed.millrace(['send', 'page-views'])
    expect(far).toMatchObject({ code: 4, stderr: expect.stringContaining("there is no topic 'page-views'; create it") })
  })
})
