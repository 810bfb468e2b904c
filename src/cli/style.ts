/**
 * Colours, on a terminal only. Off where the stream is no terminal, with `--no-color`, `NO_COLOR`, `MILLRACE_NO_COLOR` or
 * `TERM=dumb`; on anyway with `FORCE_COLOR`. No meaning is in the colour alone.
 */
import { styleText } from 'node:util'

const styles = {
  heading: 'bold',
  good: 'green',
  warning: 'yellow',
  bad: 'red',
  quiet: 'dim',
  name: 'cyan',
} as const

export type Style = keyof typeof styles

let isForbidden = false

/** `--no-color`. */
export function forbidColours(): void {
  isForbidden = true
}

export function hasColours(
  stream: { readonly isTTY?: boolean } = process.stdout,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  const isSet = (name: string): boolean => (environment[name] ?? '') !== ''
  if (isForbidden || isSet('NO_COLOR') || isSet('MILLRACE_NO_COLOR')) return false
  if (isSet('FORCE_COLOR') && environment['FORCE_COLOR'] !== '0') return true
  return stream.isTTY === true && environment['TERM'] !== 'dumb'
}

export function styled(style: Style, text: string, stream: { readonly isTTY?: boolean } = process.stdout): string {
  return hasColours(stream) && text !== '' ? styleText(styles[style], text, { validateStream: false }) : text
}
