/** The rules for names that end up in topic names (Kafka Streams' Named). */
import { TopologyError } from '../errors/topology-error.ts'

const maxNameLength = 249

/** `what` names the option: `node name`, `store name`. */
export function checkName(name: string, what = 'node name'): string {
  const fault = faultOf(name)
  if (fault === undefined) return name
  throw new TopologyError('MILLRACE_NAME_INVALID', `${what} ${JSON.stringify(name)} ${fault}`)
}

function faultOf(name: unknown): string | undefined {
  if (typeof name !== 'string') return 'is not a string'
  if (name === '') return 'is empty; leave it out to have one generated'
  if (name === '.' || name === '..') return 'cannot be "." or ".."'
  if (name.length > maxNameLength) {
    return `has ${name.length} characters; it becomes part of topic names and cannot have more than ${maxNameLength}`
  }
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `contains a character other than ASCII alphanumerics, '.', '_' and '-'; it becomes part of topic names`
  }
  return undefined
}
