/**
 * Ends the brokers of a cluster when the process that has started them is gone, however it went: no handler runs after a
 * SIGKILL. Beside every cluster there is a small `sh` that reads a pipe of which we have the other end. Each process tells
 * its id there before it becomes a broker; when we die the pipe ends, and the shell kills what it was told of.
 *
 * It must never end another process, so it looks for the cluster's folder in the command line first: an id may have been
 * given away. Windows has no such shell: there a process that is killed leaves its brokers behind.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { endProcesses } from './own-processes.ts'

const hasShell = process.platform !== 'win32'

/** `$1` is the folder. The last lines: what is being killed may still write into it. */
const keeperScript = `trap '' HUP INT TERM
pids=
while read -r pid; do pids="$pids $pid"; done
for pid in $pids; do
  if [ -e /proc/self/cmdline ]; then line=$(tr '\\0' ' ' <"/proc/$pid/cmdline"); else line=$(ps -o command= -p "$pid"); fi
  case $line in *"$1"*) kill -KILL "$pid" ;; esac
done
for attempt in 1 2 3 4 5; do
  rm -rf "$1" && exit 0
  sleep 1
done`

/** Told in a shell of its own, which a broken pipe may end; the id stays the same, and so does whose child it is. */
const tellThenBecome = '(echo $$ >&3) 2>/dev/null; exec "$@" 3>&-'

export class JarKeeper {
  readonly #folder: string
  readonly #shell: ChildProcess | undefined

  /** `folder` stands in the command line of every process that is spawned, and is removed in the end. */
  constructor(folder: string) {
    this.#folder = folder
    if (!hasShell) return
    const args = ['-c', keeperScript, 'millrace-keeper', folder]
    this.#shell = spawn('sh', args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
    // Without it brokers run as well as with it.
    this.#shell.on('error', () => undefined)
    this.#shell.stdin?.on('error', () => undefined)
    this.#shell.unref()
  }

  /** A process that ends with us; undefined where it could not be started. Its id is that of the program. */
  spawn(program: string, args: readonly string[], output: number): number | undefined {
    const pipe = this.#shell?.stdin
    const isKept = pipe != null && !pipe.destroyed && this.#shell?.pid !== undefined
    const child = isKept
      ? spawn('sh', ['-c', tellThenBecome, 'sh', program, ...args], {
          detached: true,
          stdio: ['ignore', output, output, pipe],
        })
      : spawn(program, args, { detached: true, stdio: ['ignore', output, output] })
    child.on('error', () => undefined)
    child.unref()
    return child.pid
  }

  /** After the processes are gone, and nobody has to end them. */
  async close(): Promise<void> {
    if (this.#shell?.pid !== undefined) await endProcesses([this.#shell.pid], this.#folder, 'SIGKILL')
  }
}
