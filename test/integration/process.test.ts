/** An application in its process: it keeps it alive while it runs, and no longer. */
import { expect, it } from 'vitest'
import { Child } from '../support/child-process.ts'

it('a process lives as long as its application, although nothing else is open', async () => {
  await using child = Child.script('test/testdata/modules/embedded-application.ts', [])
  await child.prints('running')
  child.kill('SIGTERM')
  expect(await child.finished).toMatchObject({ code: 0, signal: null, stdout: 'running\nclosed\n' })
})
