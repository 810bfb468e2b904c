/** The built test kit under test runners other than the one of this project, as their users have it. */
import { describe, expect, it } from 'vitest'
import { runProject, runWithoutPeers } from '../support/runner-project.ts'

describe('The test kit runs on the embedded broker', () => {
  it('under node:test, which ends by itself', async () => {
    const { code, stdout, stderr } = await runProject('node-test', { MILLRACE_TEST_KAFKA: 'embedded' })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/# pass 3\n# fail 0/)
  })

  it('under vitest', async () => {
    const { code, stdout, stderr } = await runProject('vitest', { MILLRACE_TEST_KAFKA: 'embedded' })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/3 passed/)
  })
})

describe('The test kit without the package testcontainers', () => {
  it('starts the embedded broker, and says in one line what a container needs', async () => {
    const { code, stdout, stderr } = await runWithoutPeers(`
      import { startKafka } from 'millrace/testing'
      const kafka = await startKafka({ topics: { orders: 3 } })
      console.log(kafka.kind)
      await kafka.close()
      await startKafka({ on: 'container' }).catch(({ code, message }) => console.log(code, message))
    `)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      /^embedded\nMILLRACE_TEST_KAFKA_UNAVAILABLE .*needs the package testcontainers: npm install --save-dev testcontainers.*\n$/,
    )
  })
})
