/** The built test kit on Apache Kafka in a container, under each of the test runners. */
import { describe, expect, it } from 'vitest'
import { whatContainersLack } from '../support/containers.ts'
import { runProject } from '../support/runner-project.ts'

const lacks = await whatContainersLack()

describe.skipIf(lacks !== undefined)('The test kit runs on a container', () => {
  it.each(['node-test', 'vitest', 'jest'] as const)('under %s', async (runner) => {
    const { code, stdout, stderr } = await runProject(runner, { MILLRACE_TEST_KAFKA: 'container' })
    expect(code, `${stdout}\n${stderr}`).toBe(0)
    expect(`${stdout}\n${stderr}`).toMatch(/pass 3\b|3 passed/)
  })

  it('under jest on the embedded broker, which ends by itself', async () => {
    const { code, stdout, stderr } = await runProject('jest', { MILLRACE_TEST_KAFKA: 'embedded' })
    expect(code, `${stdout}\n${stderr}`).toBe(0)
    expect(stderr).not.toMatch(/did not exit/)
  })
})
