import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../../../src/common/node-file-system.ts'
import { localState, removeLocalState } from '../../../../src/runtime/operations/local-state.ts'
import { checkPartialConfig } from '../../../../src/runtime/streams-config.ts'
import { lockSlot } from '../../../../src/runtime/slot-lock.ts'

describe('Local state', () => {
  let stateDir: string
  const options = () => ({ stateDir, applicationId: 'app', fileSystem: nodeFileSystem })
  const file = async (...names: readonly string[]): Promise<void> => {
    const target = path.join(stateDir, 'app', ...names)
    await mkdir(path.dirname(target), { recursive: true })
    await writeFile(target, 'x')
  }

  beforeEach(async () => {
    stateDir = await mkdtemp(path.join(tmpdir(), 'local-state-'))
  })
  afterEach(() => rm(stateDir, { recursive: true, force: true }))

  it('of an application that never ran here is none', async () => {
    expect(await localState(options())).toEqual({ directory: path.join(stateDir, 'app'), slots: [], foreign: [] })
  })

  it('is removed task by task; identity, locks and what millrace does not make stay', async () => {
    await file('0', '0_3', 'state.log')
    await file('0', '1_0.removed', 'state.log')
    await file('0', 'global', 'state.log')
    await file('0', 'slot.json')
    await file('0', 'notes.txt')
    await file('7', '0_0', 'state.log')
    await file('readme')
    const found = await localState(options())
    expect(found.foreign).toEqual(['readme'])
    expect(
      found.slots.map(({ directory, isHeld, state, foreign }) => [path.basename(directory), isHeld, state, foreign]),
    ).toEqual([
      ['0', false, ['0_3', '1_0.removed', 'global'], ['notes.txt']],
      ['7', false, ['0_0'], []],
    ])
    const { removed, held } = await removeLocalState(found, options())
    expect([removed.length, held]).toEqual([4, []])
    expect((await readdir(path.join(stateDir, 'app', '0'))).toSorted()).toEqual(['lock.1', 'notes.txt', 'slot.json'])
    expect((await localState(options())).slots.map(({ state }) => state)).toEqual([[], []])
    // Again: nothing is left to do.
    expect(await removeLocalState(await localState(options()), options())).toEqual({ removed: [], held: [] })
  })

  it('behind a link is not removed, whether the link stands for a slot, a task or what is in a task', async () => {
    const elsewhere = await mkdtemp(path.join(tmpdir(), 'local-state-elsewhere-'))
    const precious = async (...names: readonly string[]): Promise<string> => {
      const target = path.join(elsewhere, ...names)
      await mkdir(path.dirname(target), { recursive: true })
      await writeFile(target, 'precious')
      return target
    }
    const files = [
      await precious('slot', '0_0', 'state.log'),
      await precious('task', 'state.log'),
      await precious('inner', 'state.log'),
    ]
    await file('0', '0_1', 'state.log')
    await symlink(path.join(elsewhere, 'slot'), path.join(stateDir, 'app', '1'))
    await symlink(path.join(elsewhere, 'task'), path.join(stateDir, 'app', '0', '0_2'))
    await symlink(path.join(elsewhere, 'inner'), path.join(stateDir, 'app', '0', '0_1', 'linked'))
    const found = await localState(options())
    expect(found).toMatchObject({ slots: [{ state: ['0_1', '0_2'] }], foreign: ['1'] })
    await removeLocalState(found, options())
    // As if the link had come after the plan.
    const linked = { directory: path.join(stateDir, 'app', '1'), isHeld: false, state: ['0_0'], foreign: [] }
    expect(await removeLocalState({ ...found, slots: [linked] }, options())).toEqual({ removed: [], held: [] })
    for (const one of files) expect(await readFile(one, 'utf8')).toBe('precious')
    expect(await readdir(path.join(stateDir, 'app', '0'))).not.toContain('0_2')
    expect(await readdir(path.join(elsewhere, 'slot'))).toEqual(['0_0'])
    await rm(elsewhere, { recursive: true })
  })

  it('is directly below the state directory for every id that the configuration takes', () => {
    const piece = fc.constantFrom('.', '..', '/', '\\', '\u0000', '~', '%2e', 'a', '0', '-', '_', '\n', 'CON', ':')
    const id = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 6 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(id, (applicationId) => {
        try {
          checkPartialConfig({ applicationId })
        } catch {
          return
        }
        const directory = path.resolve('/state', applicationId)
        expect([path.dirname(directory), path.basename(directory)]).toEqual(['/state', applicationId])
      }),
      { numRuns: 2000 },
    )
  })

  it('that a process holds is told, and stays', async () => {
    await file('0', '0_0', 'state.log')
    const lock = await lockSlot(path.join(stateDir, 'app', '0'))
    const found = await localState(options())
    expect(found.slots).toMatchObject([{ isHeld: true, state: ['0_0'] }])
    expect(await removeLocalState(found, options())).toEqual({ removed: [], held: [path.join(stateDir, 'app', '0')] })
    expect((await localState(options())).slots).toMatchObject([{ state: ['0_0'] }])
    await lock?.release()
    expect((await localState(options())).slots).toMatchObject([{ isHeld: false }])
  })
})
