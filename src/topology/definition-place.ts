/**
 * Where in the user's code a node was defined. Keeping the stack costs about a microsecond; turning it into text costs
 * much more and waits until somebody describes the topology. Nothing that runs may depend on it.
 */
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** A stack, as text only when it is asked for. */
export interface DefinitionPlace {
  readonly stack?: string
}

/** Deep enough for the calls inside this library, with some of the user's around them. */
const framesMax = 24
const ownFolder = fileURLToPath(new URL('..', import.meta.url))

/** Of the call that is under way. */
export function capturePlace(): DefinitionPlace {
  const place: DefinitionPlace = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = framesMax
  Error.captureStackTrace(place, capturePlace)
  Error.stackTraceLimit = limit
  return place
}

/** `src/app.ts:12`, relative to the working directory where it is below it; undefined where only packages were. */
export function placeText(place: DefinitionPlace | undefined): string | undefined {
  for (const line of place?.stack?.split('\n') ?? []) {
    const frame = /\(?((?:file:\/\/|\/|[A-Za-z]:[\\/]).*?):(\d+):\d+\)?$/.exec(
      line.trim().replace(/^at (?:async )?/, ''),
    )
    const [, location = '', lineNumber = ''] = frame ?? []
    if (location === '') continue
    const file = location.startsWith('file://') ? fileURLToPath(location) : location
    if (!file.startsWith(ownFolder) && !isOfPackage(file)) return `${shortened(file)}:${lineNumber}`
  }
  return undefined
}

/** A command line, a test runner or a framework that called: nothing that the user can correct. */
function isOfPackage(file: string): boolean {
  return file.split(path.sep).includes('node_modules')
}

function shortened(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative.split(path.sep).join('/')
}
