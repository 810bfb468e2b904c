/** Which leader epoch began at which offset of a log (`LeaderEpochFileCache`); answers where an epoch ended. */
export class LeaderEpochs {
  readonly #starts: { readonly epoch: number; readonly startOffset: number }[] = []

  begin(epoch: number, startOffset: number): void {
    // An epoch in which nothing was written leaves no trace.
    while ((this.#starts.at(-1)?.startOffset ?? -1) >= startOffset) this.#starts.pop()
    this.#starts.push({ epoch, startOffset })
  }

  /** The largest epoch not above `epoch` and the offset behind its last record; -1, -1 when it is not known. */
  endOf(epoch: number, logEndOffset: number): { readonly epoch: number; readonly endOffset: number } {
    const latest = this.#starts.at(-1)
    if (epoch < 0 || latest === undefined || epoch > latest.epoch) return { epoch: -1, endOffset: -1 }
    if (epoch === latest.epoch) return { epoch, endOffset: logEndOffset }
    let known = epoch
    for (const start of this.#starts) {
      if (start.epoch > epoch) return { epoch: known, endOffset: start.startOffset }
      known = start.epoch
    }
    return { epoch: -1, endOffset: -1 }
  }
}
