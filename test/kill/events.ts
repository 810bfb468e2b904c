/** What an event of the windows' topology is, and the times that its application, its load and its checks share. */

/**
 * Events are out of order by less than the grace period, so that none of those is late; a few are so much older that
 * every part of the application has forgotten their time. Nothing lies between, where it would be a matter of what else
 * came.
 */
export const eventTimes = {
  windowMs: 1000,
  gapMs: 300,
  withinMs: 100,
  graceMs: 3000,
  disorderMs: 2500,
  latenessMs: 60_000,
  kindWindowMs: 10_000,
  /** Longer than any run, and than the step to the end of time. */
  kindGraceMs: 86_400_000,
  /** How far the last events are behind all others: every window closes, and whatever waits is given up. */
  endMs: 3_600_000,
} as const

/** Begins the keys of the events that only move time forward; nobody says what becomes of them. */
export const endPrefix = 'end-'

const kinds = 25

/** Values are the numbers of the events. */
export function kindOf(value: string): string {
  return `kind ${Number(value) % kinds}`
}

export function isOfTheLeft(value: string): boolean {
  return Number(value) % 2 === 0
}
