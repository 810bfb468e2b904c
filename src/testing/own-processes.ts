/**
 * Signals to processes that were started here. It must never signal another one: before every signal the process' command
 * line is checked for a mark, the folder that it was started with, since its id may have been given to another process.
 */
import { existsSync, readFileSync } from 'node:fs'
import { sleep, systemClock } from '../common/clock.ts'
import { keptAlive } from './kept-alive.ts'

const pollMs = 10

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch (error) {
    // Without /proc the signal's success is all that is known.
    return (error as { code?: string }).code === 'ENOENT' && !existsSync('/proc/self')
  }
}

function isOurs(pid: number, mark: string): boolean {
  if (pid === 0 || !isAlive(pid)) return false
  if (!existsSync('/proc/self/cmdline')) return true
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark)
}

export function signalOwn(pid: number, mark: string, signal: NodeJS.Signals): void {
  if (isOurs(pid, mark)) process.kill(pid, signal)
}

/** Resolves when they are gone; those that `signal` has not ended after `patienceMs` are killed. */
export async function endProcesses(
  pids: readonly number[],
  mark: string,
  signal: NodeJS.Signals,
  patienceMs = 10_000,
): Promise<void> {
  const ours = pids.filter((pid) => isOurs(pid, mark))
  for (const pid of ours) signalOwn(pid, mark, signal)
  const deadlineMs = systemClock.now() + patienceMs
  await keptAlive(async () => {
    while (ours.some((pid) => isAlive(pid))) {
      if (systemClock.now() > deadlineMs) for (const pid of ours) signalOwn(pid, mark, 'SIGKILL')
      await sleep(systemClock, pollMs)
    }
  })
}
