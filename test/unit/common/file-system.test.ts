import { mkdtemp, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FileSystem } from '../../../src/common/file-system.ts'
import { nodeFileSystem } from '../../../src/common/node-file-system.ts'
import { MemoryFileSystem } from '../../support/memory-file-system.ts'

let realDirectory = ''

beforeAll(async () => {
  realDirectory = await mkdtemp(path.join(tmpdir(), 'millrace-files-'))
})

afterAll(async () => {
  await rm(realDirectory, { recursive: true, force: true })
})

interface Bed {
  readonly fileSystem: FileSystem
  readonly root: string
}

const kinds: readonly { readonly name: string; readonly bed: () => Bed }[] = [
  { name: 'The real disk', bed: () => ({ fileSystem: nodeFileSystem, root: path.join(realDirectory, 'deep/root') }) },
  { name: 'The disk in memory', bed: () => ({ fileSystem: new MemoryFileSystem(), root: '/tests/deep/root' }) },
]

describe.each(kinds)('$name', ({ bed }) => {
  /** A fresh directory per test. */
  async function fresh(name: string): Promise<{ fileSystem: FileSystem; at: (file: string) => string }> {
    const { fileSystem, root } = bed()
    await fileSystem.makeDirectory(path.join(root, name))
    return { fileSystem, at: (file) => path.join(root, name, file) }
  }

  async function write(fileSystem: FileSystem, target: string, text: string): Promise<void> {
    const file = await fileSystem.open(target, 'replace')
    await file.append([Buffer.from(text)])
    await file.close()
  }

  async function textOf(fileSystem: FileSystem, target: string): Promise<string | undefined> {
    const file = await fileSystem.open(target, 'read')
    if (file === undefined) return undefined
    const bytes = await file.read(0, file.size)
    await file.close()
    return bytes.toString()
  }

  it('makes directories with their parents, again and again', async () => {
    const { fileSystem, at } = await fresh('directories')
    await fileSystem.makeDirectory(at('a/b'))
    await fileSystem.makeDirectory(at('a/b'))
    expect(await fileSystem.list(at('a'))).toEqual(['b'])
    expect(await fileSystem.list(at('a/b'))).toEqual([])
    expect(await fileSystem.list(at('absent'))).toEqual([])
  })

  it('answers for a missing file without an error, except where it must be made in no directory', async () => {
    const { fileSystem, at } = await fresh('missing')
    expect(await fileSystem.open(at('absent'), 'read')).toBeUndefined()
    expect(await fileSystem.modifiedAtMs(at('absent'))).toBeUndefined()
    await fileSystem.remove(at('absent'))
    await expect(fileSystem.open(at('absent/file'), 'append')).rejects.toThrow(
      expect.objectContaining({ code: 'ENOENT' }) as Error,
    )
    await expect(fileSystem.rename(at('absent'), at('other'))).rejects.toThrow(
      expect.objectContaining({ code: 'ENOENT' }) as Error,
    )
  })

  it('appends at the end, reads anywhere, and gives fewer bytes only at the end', async () => {
    const { fileSystem, at } = await fresh('append')
    await write(fileSystem, at('file'), 'abc')
    const file = await fileSystem.open(at('file'), 'append')
    expect(file.size).toBe(3)
    await file.append([Buffer.from('de'), Buffer.alloc(0), Buffer.from('fgh')])
    expect(file.size).toBe(8)
    expect((await file.read(2, 3)).toString()).toBe('cde')
    expect((await file.read(6, 10)).toString()).toBe('gh')
    expect((await file.read(8, 10)).byteLength).toBe(0)
    expect((await file.read(20, 10)).byteLength).toBe(0)
    await file.sync()
    await file.close()
    expect(await textOf(fileSystem, at('file'))).toBe('abcdefgh')
  })

  it('appends at the new end after a truncation', async () => {
    const { fileSystem, at } = await fresh('truncate')
    const file = await fileSystem.open(at('file'), 'append')
    await file.append([Buffer.from('abcdef')])
    await file.truncate(2)
    expect(file.size).toBe(2)
    await file.append([Buffer.from('X')])
    await file.close()
    expect(await textOf(fileSystem, at('file'))).toBe('abX')
  })

  it('empties a file that is opened to be replaced', async () => {
    const { fileSystem, at } = await fresh('replace')
    await write(fileSystem, at('file'), 'a long text')
    await write(fileSystem, at('file'), 'short')
    expect(await textOf(fileSystem, at('file'))).toBe('short')
  })

  it('renames over what was there; an open file stays open under its new name', async () => {
    const { fileSystem, at } = await fresh('rename')
    await write(fileSystem, at('old'), 'old')
    const old = await fileSystem.open(at('old'), 'append')
    const file = await fileSystem.open(at('new'), 'replace')
    await file.append([Buffer.from('new')])
    await fileSystem.rename(at('new'), at('old'))
    await file.append([Buffer.from('er')])
    await Promise.all([old.close(), file.close()])
    expect(await textOf(fileSystem, at('old'))).toBe('newer')
    expect(await fileSystem.list(at('.'))).toEqual(['old'])
  })

  it('renames a directory with what is in it, unless the target has something in it', async () => {
    const { fileSystem, at } = await fresh('rename-directory')
    await fileSystem.makeDirectory(at('from/inner'))
    await write(fileSystem, at('from/inner/file'), 'text')
    await fileSystem.makeDirectory(at('full/inner'))
    await expect(fileSystem.rename(at('from'), at('full'))).rejects.toThrow(
      expect.objectContaining({ code: 'ENOTEMPTY' }) as Error,
    )
    await fileSystem.rename(at('from'), at('to'))
    expect(await textOf(fileSystem, at('to/inner/file'))).toBe('text')
    expect(await fileSystem.list(at('from'))).toEqual([])
  })

  it('removes a file, and a directory with all that is in it', async () => {
    const { fileSystem, at } = await fresh('remove')
    await fileSystem.makeDirectory(at('a/b'))
    await write(fileSystem, at('a/b/file'), 'x')
    await write(fileSystem, at('file'), 'x')
    await fileSystem.remove(at('file'))
    await fileSystem.remove(at('a'))
    expect(await fileSystem.list(at('.'))).toEqual([])
  })

  it('tells when a file was written last', async () => {
    const { fileSystem, at } = await fresh('modified')
    await write(fileSystem, at('file'), 'x')
    expect(await fileSystem.modifiedAtMs(at('file'))).toBeTypeOf('number')
  })
})

describe('The real disk', () => {
  it('keeps what it makes from other users', async () => {
    const directory = path.join(realDirectory, 'private')
    await nodeFileSystem.makeDirectory(directory)
    const file = await nodeFileSystem.open(path.join(directory, 'file'), 'append')
    await file.close()
    expect((await stat(directory)).mode & 0o077).toBe(0)
    expect((await stat(path.join(directory, 'file'))).mode & 0o077).toBe(0)
  })

  it('throws the error of the system where a file is in the way', async () => {
    const target = path.join(realDirectory, 'in-the-way')
    await (await nodeFileSystem.open(target, 'append')).close()
    const isNotDirectory = expect.objectContaining({ code: 'ENOTDIR' }) as Error
    await expect(nodeFileSystem.open(path.join(target, 'file'), 'append')).rejects.toThrow(isNotDirectory)
    await expect(nodeFileSystem.list(target)).rejects.toThrow(isNotDirectory)
  })
})

describe('The disk in memory', () => {
  const file = '/d/file'

  async function open(fileSystem: MemoryFileSystem): ReturnType<typeof fileSystem.open> {
    await fileSystem.makeDirectory('/d')
    return fileSystem.open(file, 'append')
  }

  it('fails what it is told to, as often as it is told', async () => {
    const fileSystem = new MemoryFileSystem()
    const opened = await open(fileSystem)
    fileSystem.fail('EIO', { matches: ({ kind }) => kind === 'append', times: 2, share: 0.5 })
    const isIoError = expect.objectContaining({ code: 'EIO' }) as Error
    await expect(opened?.append([Buffer.from('abcd')])).rejects.toThrow(isIoError)
    expect(await fileSystem.list('/d')).toEqual(['file'])
    await expect(opened?.append([Buffer.from('wxyz')])).rejects.toThrow(isIoError)
    await opened?.append([Buffer.from('!')])
    expect(fileSystem.peek(file)?.toString()).toBe('abwx!')
  })

  it('writes what fits when it is full', async () => {
    const fileSystem = new MemoryFileSystem()
    const opened = await open(fileSystem)
    fileSystem.capacityBytes = 6
    await opened?.append([Buffer.from('abcd')])
    await expect(opened?.append([Buffer.from('efgh')])).rejects.toThrow(
      expect.objectContaining({ code: 'ENOSPC' }) as Error,
    )
    expect(fileSystem.peek(file)?.toString()).toBe('abcdef')
  })

  it('leaves any prefix of an append that a crash interrupts, and never answers the dead', async () => {
    const lengths = new Set<number>()
    for (let i = 0; i < 40; i++) {
      let fileSystem = new MemoryFileSystem()
      const opened = await open(fileSystem)
      await opened?.append([Buffer.from('abcd')])
      fileSystem.gate = () => new Promise(() => undefined)
      let answered = false
      const answer = (): void => void (answered = true)
      opened?.append([Buffer.from('efgh')]).then(answer, answer)
      const dead = fileSystem
      fileSystem = dead.crash({ next: () => (i % 20) / 20, uuid: () => '' })
      dead.list('/d').then(answer, answer)
      fileSystem.gate = undefined
      const after = await (await fileSystem.open(file, 'read'))?.read(0, 100)
      expect('abcdefgh'.startsWith(after?.toString() ?? '?')).toBe(true)
      lengths.add(after?.byteLength ?? -1)
      expect(answered).toBe(false)
    }
    expect([...lengths].toSorted((one, other) => one - other)).toEqual([4, 5, 6, 8])
  })

  it('may lose at a power cut what was not synced, and nothing else', async () => {
    const lengths = new Set<number>()
    for (let i = 0; i < 20; i++) {
      const fileSystem = new MemoryFileSystem()
      const opened = await open(fileSystem)
      await opened?.append([Buffer.from('ab')])
      await opened?.sync()
      await opened?.append([Buffer.from('cd')])
      const after = fileSystem.powerCut({ next: () => i / 20, uuid: () => '' }).peek(file)
      expect('abcd'.startsWith(after?.toString() ?? '?')).toBe(true)
      lengths.add(after?.byteLength ?? -1)
    }
    expect([...lengths].toSorted((one, other) => one - other)).toEqual([2, 3, 4])
  })
})

describe('A symbolic link on the real disk', () => {
  it('is told, whether it leads to something or not', async () => {
    const at = (name: string): string => path.join(realDirectory, 'links', name)
    await nodeFileSystem.makeDirectory(at('folder'))
    await symlink(at('folder'), at('to-folder'))
    await symlink(at('absent'), at('to-nothing'))
    const found = await Promise.all(
      ['to-folder', 'to-nothing', 'folder', 'absent'].map((name) => nodeFileSystem.isLink(at(name))),
    )
    expect(found).toEqual([true, true, false, false])
  })
})
