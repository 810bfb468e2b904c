import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isAlive } from '../../../src/testing/own-processes.ts'
import { Child } from '../../support/child-process.ts'
import { eventually } from '../../support/client-bed.ts'

const keeper = new URL('../../../src/testing/jar-keeper.ts', import.meta.url).href

interface Steps {
  readonly first?: string
  readonly between?: string
  readonly last?: string
}

/** Spawns one process that has the folder in its command line, and one that has not. */
async function spawning(
  steps: Steps,
): Promise<{ readonly child: Child; readonly folder: string; readonly ours: number; readonly other: number }> {
  const { first = '', between = '', last = '' } = steps
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-keeper-'))
  const child = Child.program(process.execPath, [
    '--no-warnings',
    '--input-type=module',
    '-e',
    `import { existsSync, openSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { JarKeeper } from ${JSON.stringify(keeper)}
const nowhere = openSync('/dev/null', 'w')
const keeper = new JarKeeper(${JSON.stringify(folder)})
${first}
const ours = keeper.spawn('tail', ['-f', '/dev/null', ${JSON.stringify(folder)}], nowhere)
${between}
const other = keeper.spawn('tail', ['-f', '/dev/null'], nowhere)
${last}
console.log(ours + ' ' + other + '.')`,
  ])
  await child.prints('.')
  const [ours = 0, other = 0] = child.output.split('.', 1)[0]?.split(' ').map(Number) ?? []
  onTestFinished(async () => {
    await child[Symbol.asyncDispose]()
    for (const pid of [ours, other]) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  return { child, folder, ours, other }
}

const stays = 'setInterval(() => undefined, 60_000)'

describe.skipIf(process.platform === 'win32')('A keeper', () => {
  it('ends what was spawned when its process is killed, removes the folder, and ends nothing else', async () => {
    const { child, folder, ours, other } = await spawning({ last: stays })
    expect([isAlive(ours), isAlive(other)]).toEqual([true, true])
    child.kill('SIGKILL')
    await eventually(() => !isAlive(ours) && !existsSync(folder))
    // Its id could be that of anybody.
    expect(isAlive(other)).toBe(true)
  })

  it('keeps no process alive, and ends with it', async () => {
    const { folder, ours } = await spawning({})
    await eventually(() => !isAlive(ours) && !existsSync(folder))
  })

  it.skipIf(process.platform !== 'linux')(
    'that was killed itself does not keep anything from being spawned',
    async () => {
      const killed = `
const [own] = readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').trim().split(' ').map(Number)
process.kill(own, 'SIGKILL')
while (!readFileSync('/proc/' + own + '/stat', 'utf8').includes(') Z ')) {}`
      // One before this process can know of it, one after.
      const noticed = `while (existsSync('/proc/' + own)) await setTimeout(1)`
      const { ours, other } = await spawning({ first: killed, between: noticed, last: stays })
      for (const pid of [ours, other]) {
        await eventually(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('tail\0'))
      }
    },
  )
})
