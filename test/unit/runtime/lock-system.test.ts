/** Local sockets as this machine has them, where the lock of a slot depends on it. */
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
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

  /** `system` and `socket` are there. */
  async function script(name: string, body: string): Promise<string> {
    const module = new URL('../../../src/runtime/lock-system.ts', import.meta.url).href
    const head = `import { localLockSystem as system } from ${JSON.stringify(module)}
      const socket = ${JSON.stringify(path.join(folder, 'socket'))}\n`
    await writeFile(path.join(folder, name), `${head}${body}`)
    return path.join(folder, name)
  }

  it('keeps no process', async () => {
    const file = await script('alone.mjs', 'console.log((await system.listen(socket)).isListening())')
    await using alone = Child.program(process.execPath, [file])
    expect(await alone.finished).toMatchObject({ code: 0, stdout: 'true\n' })
  })

  it('of a worker of a cluster ends with the worker, whatever its primary process is at', async () => {
    const asking = await script('asking.mjs', 'console.log(await system.answers(socket))')
    const clustered = await script(
      'clustered.mjs',
      `import { spawnSync } from 'node:child_process'
       import cluster from 'node:cluster'
       import { once } from 'node:events'
       const asked = () => console.log(String(spawnSync(process.execPath, [${JSON.stringify(asking)}]).stdout).trim())
       if (cluster.isPrimary) {
         const worker = cluster.fork()
         await once(worker, 'message')
         asked()
         process.kill(worker.process.pid, 'SIGKILL')
         asked()
       } else {
         await system.listen(socket)
         process.send('listening')
       }`,
    )
    await using child = Child.program(process.execPath, [clustered])
    expect(await child.finished).toMatchObject({ code: 0, stdout: 'true\nfalse\n' })
  })

  // Elsewhere a full queue refuses, as if nobody listened.
  it.skipIf(process.platform !== 'linux')(
    'is answered by a process that has stopped, however many wait for it already',
    async () => {
      const file = await script(
        'stopped.mjs',
        `await system.listen(socket)
       process.stdout.write('listening', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))`,
      )
      await using stopped = Child.program(process.execPath, [file])
      await stopped.prints('listening')
      const waiting: Socket[] = []
      for (let code = ''; code !== 'EAGAIN';) {
        const socket = connect(path.join(folder, 'socket'))
        waiting.push(socket)
        code = await new Promise((resolve, reject) => {
          socket.once('connect', () => resolve(''))
          socket.once('error', (error: NodeJS.ErrnoException) =>
            error.code === 'EAGAIN' ? resolve('EAGAIN') : reject(error),
          )
        })
      }
      expect(await system.answers(path.join(folder, 'socket'))).toBe(true)
      for (const socket of waiting) socket.destroy()
    },
  )
})
