/**
 * A state machine whose legal transitions are data. An illegal one throws, naming who, the state and the target; it is
 * always a bug, never a user's mistake.
 */
export class StateMachine<S extends string> {
  readonly #owner: string
  readonly #transitions: Readonly<Record<S, readonly S[]>>
  readonly #onChange: ((from: S, to: S) => void) | undefined
  #state: S

  constructor(
    owner: string,
    initial: S,
    transitions: Readonly<Record<S, readonly S[]>>,
    onChange?: (from: S, to: S) => void,
  ) {
    this.#owner = owner
    this.#state = initial
    this.#transitions = transitions
    this.#onChange = onChange
  }

  get state(): S {
    return this.#state
  }

  is(...states: readonly S[]): boolean {
    return states.includes(this.#state)
  }

  canBecome(to: S): boolean {
    return this.#transitions[this.#state].includes(to)
  }

  become(to: S, operation: string): void {
    const from = this.#state
    if (!this.canBecome(to)) {
      throw new Error(`${this.#owner}: illegal transition ${from} -> ${to} in ${operation} (please report this)`)
    }
    this.#state = to
    this.#onChange?.(from, to)
  }

  /** Throws unless the state is one of `states`. */
  require(operation: string, ...states: readonly S[]): void {
    if (!states.includes(this.#state)) {
      throw new Error(
        `${this.#owner}: ${operation} is not possible in state ${this.#state}, only in ${states.join(', ')} (please report this)`,
      )
    }
  }
}
