/** Processes of their own that take slots of a state directory, so that they can be stopped and killed. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { SlotLeft, SlotRecord } from '../../src/runtime/state-slot.ts'

export type SlotRequest =
  | { readonly what: 'open'; readonly stateDir: string }
  | { readonly what: 'remember'; readonly left: SlotLeft }
  | { readonly what: 'isHeld' | 'release' }

export interface SlotAnswer {
  readonly directory?: string
  readonly processId?: string
  readonly predecessors?: readonly SlotRecord[]
  readonly isHeld?: boolean | undefined
  readonly problem?: string
}

const program = fileURLToPath(new URL('slot-holder.ts', import.meta.url))

export class SlotProcess implements AsyncDisposable {
  readonly #child: ChildProcess = fork(program, { execArgv: [] })
  readonly #ended: Promise<unknown> = new Promise((resolve) => this.#child.once('exit', resolve))

  get pid(): number {
    return this.#child.pid ?? 0
  }

  open(stateDir: string): Promise<SlotAnswer> {
    return this.#ask({ what: 'open', stateDir })
  }

  async remember(left: SlotLeft): Promise<void> {
    await this.#ask({ what: 'remember', left })
  }

  async isHeld(): Promise<boolean | undefined> {
    return (await this.#ask({ what: 'isHeld' })).isHeld
  }

  async release(): Promise<void> {
    await this.#ask({ what: 'release' })
  }

  stop(): void {
    this.#child.kill('SIGSTOP')
  }

  goOn(): void {
    this.#child.kill('SIGCONT')
  }

  /** `kill -9`; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  async #ask(request: SlotRequest): Promise<SlotAnswer> {
    const answer = await new Promise<SlotAnswer>((resolve, reject) => {
      this.#child.once('message', (message) => resolve(message as SlotAnswer))
      void this.#ended.then(() => reject(new Error('the process ended before it answered')))
      this.#child.send(request)
    })
    if (answer.problem !== undefined) throw new Error(answer.problem)
    return answer
  }
}
