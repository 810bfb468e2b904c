/** A line as the history may keep it: without what looks like a secret. Rather too much than too little is left out. */
import { isSecretKey, redact, redacted } from '../../common/redact.ts'
import { isPlain } from '../values.ts'
import { quoted, splitLine } from './words.ts'

/** Undefined: it cannot be read, so nobody knows what is in it. */
export function redactedLine(line: string): string | undefined {
  const { words, open } = splitLine(line)
  if (open !== undefined) return undefined
  const texts = words.map(({ text }) => text)
  const safe = texts.map((text, index) => redactedWord(text, texts[index - 1]))
  return safe.some((text, index) => text !== texts[index]) ? safe.map(quoted).join(' ') : line.trim()
}

function redactedWord(word: string, before: string | undefined): string {
  // `--password hunter2`
  if (before !== undefined && /^--?[a-z]/i.test(before) && !before.includes('=') && isSecretOption(before))
    return redacted
  const attached = /^(-X|-H)(?=.)(?!=)/.exec(word)?.[1] ?? ''
  const rest = word.slice(attached.length)
  const option = /^--[a-z-]+=(?=[^=]+=)/i.exec(rest)?.[0] ?? ''
  const assignment = rest.slice(option.length)
  const equals = assignment.indexOf('=')
  if (equals <= 0) return String(redact(word))
  const key = assignment.slice(0, equals)
  return `${attached}${option}${key}=${redactedValue(key, assignment.slice(equals + 1))}`
}

function redactedValue(key: string, value: string): string {
  if (isSecretOption(key) || /^kafka\.(?:sasl|ssl)\b/.test(key)) return redacted
  if (!/^\s*[[{]/.test(value)) return String(redact(value))
  try {
    const parsed: unknown = JSON.parse(value)
    return JSON.stringify(redact(isPlain(parsed) ? withoutSasl(parsed) : parsed))
  } catch {
    return redacted
  }
}

/** Of credentials nothing is kept, the user's name neither. */
function withoutSasl(value: Readonly<Record<string, unknown>>): object {
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    key === 'sasl' ? redacted : isPlain(item) ? withoutSasl(item) : item,
  ])
  return Object.fromEntries(entries) as object
}

/** `kafka.ssl.key`, `--http-token`, `MILLRACE_KAFKA__SASL__PASSWORD`: each part of the name is looked at, and the whole. */
function isSecretOption(name: string): boolean {
  const bare = name.replace(/^--?/, '')
  const parts = bare.split(/[._]+/)
  return [bare, ...parts].some((part) => isSecretKey(part.replaceAll('-', '')) || isSecretKey(part))
}
