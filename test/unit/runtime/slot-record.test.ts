import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { silentLogger, type Logger } from '../../../src/common/logger.ts'
import { readSlotFile, writeSlotFile, type SlotContents } from '../../../src/runtime/slot-record.ts'
import { MemoryFileSystem } from '../../support/memory-file-system.ts'

const slot = '/state/app/0'
const file = `${slot}/slot.json`
const processId = '0b5f1c9e-8f0f-4f3e-9d5a-6f2c1d0e7a3b'

function contents(holders: number): SlotContents {
  const holder = (index: number): SlotContents['holders'][number] => ({
    startId: `start ${index}`,
    startedAtMs: index,
    host: 'a host',
    transactionalIds: [`app-${processId}-${index}`],
    memberIds: [],
  })
  return { processId, holders: Array.from({ length: holders }, (_, index) => holder(index)) }
}

async function disk(): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem()
  await fileSystem.makeDirectory(slot)
  return fileSystem
}

const read = (fileSystem: MemoryFileSystem, logger: Logger = silentLogger): Promise<SlotContents | undefined> =>
  readSlotFile(fileSystem, slot, logger)

describe('slot.json', () => {
  it('is read as it was written', async () => {
    const fileSystem = await disk()
    expect(await read(fileSystem)).toBeUndefined()
    await writeSlotFile(fileSystem, slot, contents(2))
    expect(await read(fileSystem)).toMatchObject(contents(2))
    await writeSlotFile(fileSystem, slot, { ...contents(2), clusterId: 'X' })
    expect(await read(fileSystem)).toMatchObject({ ...contents(2), clusterId: 'X' })
    expect(await fileSystem.list(slot)).toEqual(['slot.json'])
  })

  it('is the old or the new one after a power cut at any moment', async () => {
    const chance = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))
    await fc.assert(
      fc.asyncProperty(fc.nat(6), chance, async (operation, chances) => {
        const before = await disk()
        await writeSlotFile(before, slot, contents(1))
        const last = before.operations + operation
        const reached = new Promise<void>((resolve) => {
          before.gate = async ({ index }) => {
            if (index < last) return
            resolve()
            await new Promise<never>(() => undefined)
          }
        })
        await Promise.race([reached, writeSlotFile(before, slot, contents(2))])
        const after = before.powerCut({ next: () => chances.next().value ?? 0, uuid: () => '' })
        after.gate = undefined
        const found = await read(after)
        expect([1, 2]).toContain(found?.holders.length)
        await writeSlotFile(after, slot, contents(3))
        expect((await read(after))?.holders.length).toBe(3)
      }),
    )
  })

  it('is kept aside with a warning when it is damaged, each time under another name', async () => {
    const fileSystem = await disk()
    await writeSlotFile(fileSystem, slot, contents(1))
    const whole = fileSystem.peek(file)?.toString() ?? ''
    const damaged = [
      '',
      whole.slice(0, -10),
      'null',
      '[]',
      whole.replace('"format": 1', '"format": 2'),
      whole.replace(processId, 'no-uuid'),
      whole.replace('"holders"', '"clusterId": 7, "holders"'),
      whole.replace('"startedAtMs": 0', '"startedAtMs": "0"'),
      whole.replace('"memberIds": []', '"memberIds": [7]'),
      whole.replace(/"holders": [^]*/, '"holders": {}}'),
    ]
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) }
    for (const [index, text] of damaged.entries()) {
      expect(text).not.toBe(whole)
      fileSystem.poke(file, Buffer.from(text))
      expect([text, await read(fileSystem, logger)]).toEqual([text, undefined])
      expect(fileSystem.peek(`${file}.damaged-${index + 1}`)?.toString()).toBe(text)
      expect(fileSystem.peek(file)).toBeUndefined()
    }
    expect(warnings).toHaveLength(damaged.length)
    expect(warnings[1]).toContain('slot.json.damaged-2')
  })

  it('is kept aside when the disk cannot read it, or it is far too large', async () => {
    const fileSystem = await disk()
    await writeSlotFile(fileSystem, slot, contents(1))
    fileSystem.fail('EIO', { matches: ({ kind }) => kind === 'read' })
    expect(await read(fileSystem)).toBeUndefined()
    fileSystem.poke(file, Buffer.alloc(2_000_000, ' '))
    expect(await read(fileSystem)).toBeUndefined()
    expect((await fileSystem.list(slot)).toSorted()).toEqual(['slot.json.damaged-1', 'slot.json.damaged-2'])
  })

  it('stays where it is when it cannot be opened for another reason', async () => {
    const fileSystem = await disk()
    await writeSlotFile(fileSystem, slot, contents(1))
    fileSystem.fail('EACCES', { matches: ({ kind }) => kind === 'open' })
    await expect(read(fileSystem)).rejects.toMatchObject({ code: 'EACCES' })
    expect(await read(fileSystem)).toMatchObject(contents(1))
  })

  it('is the old one when the disk is full', async () => {
    const fileSystem = await disk()
    await writeSlotFile(fileSystem, slot, contents(1))
    fileSystem.capacityBytes = fileSystem.usedBytes + 20
    await expect(writeSlotFile(fileSystem, slot, contents(2))).rejects.toMatchObject({ code: 'ENOSPC' })
    expect((await read(fileSystem))?.holders.length).toBe(1)
  })
})
