import type { Printed } from '../options.ts'

/** Kafka Streams: Printed.java; `[label]: key, value`. */
export function printAction<K, V>(label: string, options: Printed<K, V>): (value: V, key: K) => void {
  const format = options.format ?? ((value: V, key: K) => `${String(key)}, ${String(value)}`)
  const write = options.to ?? ((line: string) => void process.stdout.write(`${line}\n`))
  return (value, key) => write(`[${label}]: ${format(value, key)}`)
}
