/** A topic pattern matches whole names, as in Java; flags that keep a position between calls are of no use here. */
export function wholePattern(pattern: RegExp): RegExp {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, ''))
}

export function samePattern(one: RegExp, two: RegExp): boolean {
  return one.source === two.source && one.flags === two.flags
}
