/** Milliseconds, or a number with its unit: `'500ms'`, `'10s'`, `'5m'`, `'1h'`, `'2d'`. */
export type Duration = number | `${number}ms` | `${number}s` | `${number}m` | `${number}h` | `${number}d`

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** In milliseconds; undefined when `duration` is none (the caller names the option in its error). */
export function parseDuration(duration: unknown): number | undefined {
  if (typeof duration === 'number') return Number.isFinite(duration) ? duration : undefined
  if (typeof duration !== 'string') return undefined
  const match = /^(-?\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration)
  return match === null ? undefined : Number(match[1]) * (unitMs[match[2] ?? ''] ?? Number.NaN)
}
