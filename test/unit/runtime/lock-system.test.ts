/** Local sockets as this machine has them, where the lock of a slot depends on it. */
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { localLockSystem as system } from '../../../src/runtime/lock-system.ts'
import { Child } from '../../support/child-process.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'lock-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

describe.skipIf(process.platform === 'win32')('A local socket', () => {
  it.each(['x', 'ä'])('works with a path of any length, in bytes: %s', async (letter) => {
    // Around what the kernel keeps (104 or 108 bytes), and what counts fewer letters than bytes.
    for (let bytes = 96; bytes <= 112; bytes += 2) {
      const room = bytes - Buffer.byteLength(path.join(folder, '/s')) - 1
      const directory = path.join(folder, letter.repeat(Math.floor(room / Buffer.byteLength(letter))))
      await mkdir(directory)
      const socket = path.join(directory, 's')
      const listener = await system.listen(socket)
      expect([bytes, await system.answers(socket), await system.identity(socket)]).toEqual([
        bytes,
        true,
        expect.stringMatching(/^\d+:\d+$/),
      ])
      await listener.close()
      expect(await system.answers(socket)).toBe(false)
    }
  })

  it.each(['tmp', 't'.repeat(100)])('with a long path leaves nothing in the temporary directory: %s', async (name) => {
    const temporary = path.join(folder, name)
    const long = path.join(folder, 'x'.repeat(120))
    for (const directory of [temporary, long]) await mkdir(directory)
    vi.stubEnv('TMPDIR', temporary)
    const listener = await system.listen(path.join(long, 's'))
    expect(await system.answers(path.join(long, 's'))).toBe(true)
    expect(await readdir(temporary)).toEqual([])
    await listener.close()
  })

  it('is answered by nobody where there is none, only a file, or no folder', async () => {
    await writeFile(path.join(folder, 'file'), '')
    for (const name of ['none', 'file', 'file/socket', 'none/socket']) {
      expect([name, await system.answers(path.join(folder, name))]).toEqual([name, false])
    }
    for (const name of ['none', 'file/socket', 'none/socket']) {
      expect([name, await system.identity(path.join(folder, name))]).toEqual([name, undefined])
    }
    expect(await system.list(path.join(folder, 'none'))).toEqual([])
  })

  it('that cannot be asked is an error, not nobody', async () => {
    await symlink('loop', path.join(folder, 'loop'))
    await expect(system.answers(path.join(folder, 'loop'))).rejects.toMatchObject({ code: 'ELOOP' })
    await expect(system.identity(path.join(folder, 'loop'))).rejects.toMatchObject({ code: 'ELOOP' })
  })

  it('has another identity than one beside it', async () => {
    const [one, two] = [path.join(folder, 'one'), path.join(folder, 'two')]
    const listeners = [await system.listen(one), await system.listen(two)]
    expect(await system.identity(one)).not.toBe(await system.identity(two))
    for (const listener of listeners) await listener.close()
  })

  it('is not made where there is one', async () => {
    const listener = await system.listen(path.join(folder, 'socket'))
    await expect(system.listen(path.join(folder, 'socket'))).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await listener.close()
  })

  it('holds on to nobody who connects', async () => {
    const listener = await system.listen(path.join(folder, 'socket'))
    const socket = connect(path.join(folder, 'socket'))
    socket.on('error', () => undefined)
    await once(socket.resume(), 'close')
    await listener.close()
  })

  it('keeps no process, and is listened on by the worker of a cluster itself', async () => {
    const socket = path.join(folder, 'socket')
    const file = path.join(folder, 'clustered.mjs')
    const module = pathToFileURL(path.join(import.meta.dirname, '../../../src/runtime/lock-system.ts')).href
    await writeFile(
      file,
      `import cluster from 'node:cluster'
       import { localLockSystem as system } from ${JSON.stringify(module)}
       const socket = ${JSON.stringify(socket)}
       if (cluster.isPrimary) {
         const worker = cluster.fork()
         worker.once('message', async () => {
           const before = await system.answers(socket)
           worker.process.kill('SIGKILL')
           worker.once('exit', async () => console.log(before, await system.answers(socket)))
         })
       } else {
         await system.listen(socket)
         process.send('listening')
       }`,
    )
    await using clustered = Child.program(process.execPath, [file])
    expect(await clustered.finished).toMatchObject({ code: 0, stdout: 'true false\n' })
    await writeFile(
      path.join(folder, 'alone.mjs'),
      `import { localLockSystem as system } from ${JSON.stringify(module)}
       console.log((await system.listen(${JSON.stringify(`${socket}-2`)})).isListening())`,
    )
    await using alone = Child.program(process.execPath, [path.join(folder, 'alone.mjs')])
    expect(await alone.finished).toMatchObject({ code: 0, stdout: 'true\n' })
  })
})
