/** The instances of a run, and how blows of the schedule fall on them. */
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { applicationOf } from './applications.ts'
import type { KillCluster } from './cluster.ts'
import { Instance } from './instance.ts'
import type { Command } from './instance.ts'
import { javaCommand } from './java.ts'
import { applicationId, countingSubTopology, instanceCount, sessionTimeoutMs, taskCount } from './layout.ts'
import type { KillOptions } from './options.ts'
import { victimsOf } from './schedule.ts'
import type { Blow, BlowKind } from './schedule.ts'
import type { Sleeper } from './zombie.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** How long an instance may take to be given tasks before the second blow falls anyhow. */
const assignmentWaitMs = 12_000
const rejoinWaitMs = 30_000
const patienceMs = 15_000
/** So long after an assignment there have been commits. */
const atWorkMs = 1000

/** A blow that fell. */
export interface Strike {
  readonly kind: BlowKind
  readonly atMs: number
}

/** One SIGKILL. */
export interface Kill {
  readonly kind: BlowKind
  readonly instance: number
  readonly atMs: number
  /** What its process was doing. */
  readonly during: 'starting' | 'restoring' | 'running' | 'dead'
}

export class Fleet {
  readonly instances: readonly Instance[]
  readonly strikes: Strike[] = []
  readonly kills: Kill[] = []
  readonly sleepers: Sleeper[] = []
  readonly violations: string[] = []
  /** For how long the broker was dead or starting: its clocks of transactions stood still. */
  brokerAwayMs = 0
  readonly #blowsFile: string
  readonly #cluster: KillCluster
  readonly #struck = new Set<number>()

  constructor(cluster: KillCluster, options: KillOptions, folder: string) {
    this.#cluster = cluster
    this.#blowsFile = join(folder, 'blows.log')
    this.instances = Array.from({ length: instanceCount }, (_, index) => {
      const stateDir = join(folder, `state-${index + 1}`)
      const command = commandOf(cluster.brokers, options, stateDir)
      return new Instance(index, command, join(folder, `instance-${index + 1}.log`))
    })
  }

  start(): void {
    for (const instance of this.instances) instance.start()
  }

  /** Every task runs somewhere, once, and every instance that is alive takes part. */
  get isComplete(): boolean {
    if (this.instances.some((instance) => instance.isAlive && !instance.isRunning)) return false
    const tasks = this.instances.flatMap((instance) => [...instance.tasks])
    return tasks.length === taskCount && new Set(tasks).size === taskCount
  }

  async untilComplete(timeoutMs: number): Promise<boolean> {
    const deadlineMs = Date.now() + timeoutMs
    while (!this.isComplete && Date.now() < deadlineMs) await pause(10)
    return this.isComplete
  }

  /**
   * Waits for enough victims that no other blow has hold of, strikes them, and resolves when they were started again as
   * planned.
   */
  async strike(blow: Blow): Promise<void> {
    const deadlineMs = Date.now() + patienceMs
    while (this.#free(blow, Date.now() < deadlineMs).length < victimsOf(blow.kind)) await pause(10)
    const victims = this.#free(blow, Date.now() < deadlineMs).slice(0, victimsOf(blow.kind))
    for (const victim of victims) this.#struck.add(victim.index)
    this.strikes.push({ kind: blow.kind, atMs: Date.now() })
    const names = victims.map(({ index }) => index + 1).join(' ')
    await appendFile(this.#blowsFile, `${new Date().toISOString()} ${blow.kind} ${names}\n`)
    try {
      if (blow.kind === 'broker') await this.#restartBroker(blow.delaysMs[0] ?? 0)
      else if (blow.kind === 'zombie' || blow.kind === 'heirless') await this.#putToSleep(victims, blow)
      else await this.#kill(victims, blow)
    } finally {
      for (const victim of victims) this.#struck.delete(victim.index)
    }
  }

  /** Ends all, in order; what was not as it should be. */
  async stop(timeoutMs: number): Promise<void> {
    const codes = await Promise.all(this.instances.map((instance) => instance.stop(timeoutMs)))
    for (const [index, code] of codes.entries()) {
      if (code !== 0)
        this.violations.push(
          `instance ${index + 1} did not end with exit code 0 after SIGTERM: ${code ?? 'it was killed'}`,
        )
    }
    this.violations.push(...this.instances.flatMap((instance) => instance.unexpectedEnds))
  }

  /** Whatever they do. */
  async end(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.kill()))
    await Promise.all(this.instances.map((instance) => instance.closeLog()))
  }

  /** From the start of a killed instance's next process until its tasks ran again, where no other blow came between. */
  get recoveries(): number[] {
    return this.instances.flatMap((instance) =>
      instance.lives
        .slice(1)
        .flatMap((life) => (life.runningAtMs === undefined ? [] : [life.runningAtMs - life.startedAtMs])),
    )
  }

  /** A sleeper, the first of them, proves something only when it is at work; where none is, any will do in the end. */
  #free({ kind, isPatient, order }: Blow, isEarly: boolean): Instance[] {
    const free = order.flatMap((index) => (this.#struck.has(index) ? [] : (this.instances[index] ?? [])))
    if (!isEarly) return free
    if (kind === 'zombie') return free.filter(isAtWork)
    if (kind === 'heirless')
      return free.some(isAtWork) ? free.sort((a, b) => Number(isAtWork(b)) - Number(isAtWork(a))) : []
    return isPatient ? free.filter((instance) => instance.tasks.size > 0) : free
  }

  async #kill(victims: readonly Instance[], { kind, delaysMs }: Blow): Promise<void> {
    await Promise.all(
      victims.map(async (victim, index) => {
        const delayMs = delaysMs[index] ?? 0
        await this.#killOne(victim, kind)
        if (kind === 'twice' || kind === 'restoring') {
          victim.start()
          const assigned = victim.life
          if (kind === 'restoring') await victim.until(() => assigned?.assignedAtMs !== undefined, assignmentWaitMs)
          await pause(delayMs)
          await this.#killOne(victim, kind)
        } else {
          await pause(delayMs)
        }
        victim.start()
      }),
    )
  }

  /** The others run what the sleeper believes to be its own; not for ever, since they may be struck as well. */
  async #untilTakenOver(sleeper: Instance): Promise<void> {
    const deadlineMs = Date.now() + patienceMs
    const others = this.instances.filter((instance) => instance !== sleeper)
    while (Date.now() < deadlineMs) {
      const tasks = new Set(others.flatMap((instance) => [...instance.tasks]))
      if (tasks.size === taskCount) return await pause(atWorkMs)
      await pause(10)
    }
  }

  async #killOne(victim: Instance, kind: BlowKind): Promise<void> {
    this.kills.push({ kind, instance: victim.index, atMs: Date.now(), during: doingOf(victim) })
    await victim.kill()
  }

  async #restartBroker(pauseMs: number): Promise<void> {
    const killedAtMs = Date.now()
    await this.#cluster.restart?.(pauseMs)
    this.brokerAwayMs = Date.now() - killedAtMs
    await appendFile(this.#blowsFile, `${new Date().toISOString()} the broker is back\n`)
  }

  async #putToSleep([victim, ...heirs]: readonly Instance[], { kind, delaysMs }: Blow): Promise<void> {
    if (victim === undefined) return
    const tasks = [...victim.tasks]
    const assignedAtMs = victim.lastAssignedAtMs
    const assignments = victim.assignments
    const stoppedAtMs = Date.now()
    victim.signal('SIGSTOP')
    for (const heir of heirs) await this.#killOne(heir, kind)
    for (const heir of heirs) heir.start()
    await pause((delaysMs[0] ?? 0) - (Date.now() - stoppedAtMs))
    if (kind === 'zombie') await this.#untilTakenOver(victim)
    const wokenAtMs = Date.now()
    victim.signal('SIGCONT')
    const rejoined = await victim.until(() => victim.assignments > assignments, rejoinWaitMs)
    if (!rejoined) {
      this.violations.push(`instance ${victim.index + 1} slept and took no part again within ${rejoinWaitMs} ms`)
    }
    const isRemembered = !this.kills.some(({ atMs }) => atMs > stoppedAtMs && atMs < wokenAtMs)
    const sleeper = { instance: victim.index, tasks, assignedAtMs, stoppedAtMs, wokenAtMs, isRemembered }
    this.sleepers.push({ ...sleeper, rejoinedAtMs: rejoined ? victim.lastAssignedAtMs : Date.now() })
  }
}

/** It has run a counting task for long enough to have committed. */
function isAtWork(instance: Instance): boolean {
  const counts = [...instance.tasks].some((task) => task.startsWith(`${countingSubTopology}_`))
  return counts && Date.now() - instance.lastAssignedAtMs > atWorkMs
}

function doingOf(instance: Instance): Kill['during'] {
  if (!instance.isAlive) return 'dead'
  const { life } = instance
  if (life?.runningAtMs !== undefined) return 'running'
  return life?.assignedAtMs === undefined ? 'starting' : 'restoring'
}

function commandOf(brokers: string, options: KillOptions, stateDir: string): Command {
  if (options.app === 'java') return javaCommand(brokers, options, stateDir)
  // Its default of 30 s would make a run at least as long as its kills are few.
  const interval = options.guarantee === 'at_least_once' ? ['-X', 'commitIntervalMs=500'] : []
  const args = [
    ...[join(root, 'bin/millrace.js'), '--verbose', 'run', join(root, 'test/kill', applicationOf(options).file)],
    ...['--brokers', brokers, '--application-id', applicationId, '--guarantee', options.guarantee],
    ...['--state-dir', stateDir, '-X', `sessionTimeoutMs=${sessionTimeoutMs}`, ...interval],
    ...options.set.flatMap((assignment) => ['-X', assignment]),
  ]
  return { program: process.execPath, args }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
