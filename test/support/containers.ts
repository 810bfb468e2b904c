/** Whether tests that need a container engine can run here; each of their files says so in one line where they cannot. */
import { whyNoKafka } from '../../src/testing/start-kafka.ts'

let missing: Promise<string | undefined> | undefined

/** Undefined where there is an engine; else the line that says how to get one, which is printed once per file. */
export function whatContainersLack(): Promise<string | undefined> {
  missing ??= whyNoKafka('container').then((lacking) => {
    if (lacking === undefined) return undefined
    const line = `container tests skipped: ${lacking} (here, as root: eval "$(scripts/containers/engine.sh start)")`
    console.log(line)
    return line
  })
  return missing
}
