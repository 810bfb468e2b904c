/** stdout is for data, stderr for people; neither is commanded by what stands in the text of others. */
import { harmless } from './printable.ts'

let isQuiet = false

/** `--quiet`: only errors are said. */
export function beQuiet(): void {
  isQuiet = true
}

export function say(line: string): void {
  if (!isQuiet) sayAlways(line)
}

export function sayAlways(line: string): void {
  process.stderr.write(`${harmless(line)}\n`)
}

/** Resolves when the line is handed over, so that a slow reader is not drowned; a closed pipe ends the process quietly. */
export function print(text: string): Promise<void> {
  return write(harmless(text))
}

/** Contents of records: as they are, but on a terminal harmless. */
export function printBytes(bytes: Buffer): Promise<void> {
  return process.stdout.isTTY ? print(bytes.toString()) : write(bytes)
}

/** Before what is drawn anew; on a terminal only. */
export function clearScreen(): Promise<void> {
  return write('\u001B[H\u001B[J')
}

function write(text: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve())
  })
}

/** `millrace … | head` closes our stdout early: that is the reader's wish, not an error. */
export function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}

/** Node's notes about its own experiments (type stripping, kafkajs' timers) are of no use to who runs a command. */
export function hideNodeWarnings(): void {
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    const known = ['ExperimentalWarning', 'TimeoutNegativeWarning'].includes(warning.name)
    if (!known) say(`warning: ${warning.message}`)
  })
}
