/** `millrace explain`, as a process: the catalogue of the package, for people and for programs. */
import { describe, expect, it } from 'vitest'
import { Child } from '../support/child-process.ts'
import type { Finished } from '../support/child-process.ts'
import { fitsSchema } from '../support/cli-schema.ts'

async function explain(...args: readonly string[]): Promise<Finished> {
  await using child = Child.millrace(['explain', ...args])
  return await child.finished
}

describe('millrace explain', () => {
  it('prints what a code means, where to look, and how a command ends with it', async () => {
    const { code, stdout, stderr } = await explain('MILLRACE_STATE_WRITE_FAILED')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^MILLRACE_STATE_WRITE_FAILED \(Stores\)\n\nA commit has succeeded/)
    expect(stdout).toMatch(/\n\nLook at: .*\n\nExit code of a command that ends with it: 1\n$/s)
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
  })

  it('takes a code in small letters and without what all codes begin with', async () => {
    const [short, long] = [await explain('no_brokers', '-o', 'json'), await explain('MILLRACE_NO_BROKERS', '--json')]
    expect(short.stdout).toBe(long.stdout)
    expect(fitsSchema('explain', short.stdout)).toMatchObject({ code: 'MILLRACE_NO_BROKERS', exitCode: 2 })
  })

  it('prints all codes without one', async () => {
    const all = fitsSchema('explain', (await explain('-o', 'json')).stdout) as { errors: readonly { code: string }[] }
    const { stdout } = await explain()
    expect(all.errors.length).toBeGreaterThan(100)
    expect(all.errors.filter(({ code }) => !stdout.includes(`  ${code}\n`))).toEqual([])
    const rows = (await explain('-o', 'jsonl')).stdout.trimEnd().split('\n')
    expect(rows.map((row) => (JSON.parse(row) as { code: string }).code)).toEqual(all.errors.map(({ code }) => code))
  })

  it('names the nearest code where there is none, with exit code 2', async () => {
    const { code, stdout, stderr } = await explain('buffer_ful')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain("there is no error code 'buffer_ful'; did you mean MILLRACE_BUFFER_FULL?")
  })
})
