/**
 * Lines without which exactly-once is lost, each with what takes it away. The simulation is worth something as long as
 * it finds every one of them: `npm run simulate -- --mutations`. An edit that no longer applies is an error: who changes
 * such a line changes its mutation.
 */
export interface Mutation {
  readonly name: string
  /** What is lost. */
  readonly what: string
  /** The application that shows it, where others have nothing of the kind. */
  readonly workload?: string
  readonly edits: readonly Edit[]
}

export interface Edit {
  readonly file: string
  /** Exact text, there once. */
  readonly find: string
  readonly replace: string
}

export const mutations: readonly Mutation[] = [
  {
    name: 'generation-in-offsets',
    what: 'the group’s generation goes with the offsets of a transaction, so that a zombie is fenced',
    edits: [
      {
        file: 'src/kafka/client/transaction-requests.ts',
        find: 'generationId: group.generationId,\n      memberId: group.memberId,',
        replace: "generationId: -1,\n      memberId: '',",
      },
    ],
  },
  {
    name: 'restore-to-high-watermark',
    what: 'the end of a restore is the high watermark, not the last stable offset',
    edits: [
      {
        file: 'src/runtime/changelog-reader.ts',
        find: "client.listOffsets(latest, 'read_uncommitted')",
        replace: "client.listOffsets(latest, 'read_committed')",
      },
    ],
  },
  {
    name: 'require-stable',
    what: 'committed offsets are fetched only when no transaction is about to change them',
    edits: [
      {
        file: 'src/runtime/task-manager.ts',
        find: 'requireStable: true',
        replace: 'requireStable: false',
      },
    ],
  },
  {
    name: 'freeze-before-send',
    what: 'what a commit writes to the engine is frozen at its cut, before anything more is processed',
    edits: [
      {
        file: 'src/runtime/commit.ts',
        find: 'return { managed, positions, frozen: managed.task.freeze(positions) }',
        replace: 'return { managed, positions, frozen: undefined as never }',
      },
      {
        file: 'src/runtime/commit.ts',
        find: '    this.#canBeAbandoned = false\n    for (const { managed } of this.#parts) managed.frozen',
        replace:
          '    for (const part of this.#parts) Object.assign(part, { frozen: part.managed.task.freeze(part.positions) })\n' +
          '    this.#canBeAbandoned = false\n    for (const { managed } of this.#parts) managed.frozen',
      },
    ],
  },
  {
    name: 'marker-in-engine-commit',
    what: 'the marker is written to the engine in one unit with the data it speaks of',
    edits: [
      {
        file: 'src/runtime/commit.ts',
        find: 'await managed.task.commitEngine(frozen, this.#marker(part, changelog))',
        replace:
          'const marker = this.#marker(part, changelog)\n' +
          '      await managed.state.commit({ forEach: () => undefined }, marker)\n' +
          '      await managed.task.commitEngine(frozen, marker)',
      },
    ],
  },
  {
    name: 'engine-after-success',
    what: 'the engine is written only after the transaction has succeeded',
    edits: [
      {
        file: 'src/runtime/commit.ts',
        find: '      changelog = this.#acknowledged()\n',
        replace:
          '      changelog = this.#acknowledged()\n' +
          '      await Promise.all(this.#parts.map((part) => this.#commitEngine(part, changelog)))\n',
      },
      {
        file: 'src/runtime/commit.ts',
        find:
          "managed.frozen = 'committed'\n" +
          '    await Promise.all(this.#parts.map((part) => this.#commitEngine(part, changelog)))',
        replace:
          "managed.frozen = 'none'\n" +
          '    if (this.#flushed === undefined) await Promise.all(this.#parts.map((part) => this.#commitEngine(part, changelog)))',
      },
    ],
  },
  {
    name: 'discard-before-rejoin',
    what: 'a member that lost its membership discards what it had not committed before it joins again',
    edits: [
      {
        file: 'src/runtime/stream-thread.ts',
        find: "    await parts.tasks.discardAll()\n    this.#unresolved = 'producer-fenced'\n    await this.#guarded(() => this.#resolve(parts, 'producer-fenced'))\n",
        replace: '',
      },
    ],
  },
  {
    name: 'init-after-unknown-outcome',
    what: 'a producer of which something may still be executed gets a new epoch before it goes on',
    edits: [
      {
        file: 'src/kafka/client/producer.ts',
        find: "const mustInit = session.protocol === 'v2' && wasOpen ? isUnknown : isUnsettled",
        replace: 'const mustInit = false && isUnknown && isUnsettled',
      },
    ],
  },
  {
    name: 'replay-after-unknown-outcome',
    what: 'after a commit of which nobody knows whether it happened the stores are replayed from their markers',
    edits: [
      {
        file: 'src/runtime/stream-thread.ts',
        find: "parts.tasks.rollback(atLeastOnce || outcome === 'unknown-outcome')",
        replace: 'parts.tasks.rollback(atLeastOnce)',
      },
    ],
  },
  {
    name: 'init-after-rollback',
    what: 'after a rollback processors are made anew, because they may keep what was rolled back',
    edits: [
      {
        file: 'src/runtime/task/stream-task.ts',
        find: '    assert(this.#graph === undefined, `task ${this.id} is initialised once per life of its processors`)\n',
        replace: '    if (this.#graph !== undefined) return void (this.#stopped = false)\n',
      },
      {
        file: 'src/runtime/task/stream-task.ts',
        find: '    if (options.abruptly !== true) this.#closeProcessors()\n',
        replace: '    void options.abruptly\n',
      },
    ],
  },
  {
    name: 'sequence-after-retry',
    what: 'a batch that is sent again keeps its sequence, so that the broker knows it',
    edits: [
      {
        file: 'src/kafka/client/partition-queue.ts',
        find: 'if (batch.sequence < 0) {',
        replace: 'if (batch.sequence < 0 || batch.attempts > 0) {',
      },
    ],
  },
  {
    name: 'observed-time-after-rollback',
    what: 'the time that a node has seen goes back to what is committed with a rollback, and no further',
    workload: 'lateness',
    edits: [
      {
        file: 'src/runtime/task/observed-times.ts',
        find: '    this.#restore(this.#frozen)\n',
        replace: '    this.#restore({})\n',
      },
    ],
  },
  {
    name: 'observed-time-in-marker',
    what: 'the time that a node has seen survives a restart',
    workload: 'lateness',
    edits: [
      {
        file: 'src/runtime/task/observed-times.ts',
        find: '    this.#restore(committed)\n',
        replace: '',
      },
    ],
  },
  {
    name: 'join-counter',
    what: 'the number that tells records of equal key and time apart goes on after a rollback and a restart',
    workload: 'lateness',
    edits: [
      {
        file: 'src/state/observed-time.ts',
        find: '    this.#sequence = this.#committed.sequence\n',
        replace: '    this.#sequence = 0\n',
      },
      {
        file: 'src/state/observed-time.ts',
        find: '    this.#sequence = this.#frozen.sequence\n',
        replace: '    this.#sequence = 0\n',
      },
    ],
  },
  {
    name: 'buffer-after-rollback',
    what: 'what waits in a buffer of suppress goes back to what is committed',
    workload: 'lateness',
    edits: [
      {
        file: 'src/state/change-buffer.ts',
        find: '    this.#overlay.rollback(keepFrozen)\n',
        replace: '    void keepFrozen\n',
      },
    ],
  },
  {
    name: 'buffer-order-after-rollback',
    what: 'the order of what waits in a buffer of suppress, which is in memory, is made anew after a rollback',
    workload: 'lateness',
    edits: [
      {
        file: 'src/state/change-buffer.ts',
        find: '    this.#dirtyOrder = new HashSetOrder()\n    this.#order = undefined\n',
        replace: '    this.#dirtyOrder = new HashSetOrder()\n',
      },
    ],
  },
  {
    name: 'buffer-in-commit',
    what: 'the changelog of a buffer of suppress belongs to the transaction that its records are in',
    workload: 'lateness',
    edits: [
      {
        file: 'src/state/change-buffer.ts',
        find: '    return this.#dirty.size > 0\n',
        replace: '    return false\n',
      },
    ],
  },
  {
    name: 'segments-after-success',
    what: 'a segment that has expired is there until the commit has succeeded, because time may go back',
    workload: 'lateness',
    edits: [
      {
        file: 'src/state/timed-core.ts',
        find: '    this.#expired = this.#segments.before(this.#minLive)\n',
        replace: '    this.#expired = this.#segments.before(this.#minLive)\n    this.#segments.forget(this.#expired)\n',
      },
    ],
  },
  {
    name: 'expiry-after-rollback',
    what: 'what a store has forgotten comes back with a rollback',
    workload: 'lateness',
    edits: [
      {
        file: 'src/state/timed-core.ts',
        find: '    this.#observed.rollback(keepFrozen)\n',
        replace: '',
      },
    ],
  },
]
