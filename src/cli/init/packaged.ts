/**
 * Files of this package that go into projects, changed for them. The originals are used as they are elsewhere: the
 * examples run in tests, the container files are built and deployed. So a change is a replacement that has to be found:
 * where an original was rewritten, this fails in a test and not in somebody's project.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

export function packaged(file: string): string {
  return readFileSync(path.join(root, file), 'utf8')
}

/** Below `folder`, in order. */
export function packagedFiles(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      path.relative(path.join(root, folder), path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'),
    )
    .toSorted()
}

export type Replacement = readonly [what: string | RegExp, by: string]

/** Each is found at least once. */
export function replaced(text: string, file: string, replacements: readonly Replacement[]): string {
  let result = text
  for (const [what, by] of replacements) {
    const isThere = typeof what === 'string' ? result.includes(what) : result.search(what) >= 0
    if (!isThere) throw new Error(`${file}: there is no ${String(what)} to be replaced (please report this)`)
    result = result.replaceAll(what, by)
  }
  return result
}

export interface OwnManifest {
  readonly version: string
  readonly devDependencies: Readonly<Record<string, string>>
}

export function ownManifest(): OwnManifest {
  return JSON.parse(packaged('package.json')) as OwnManifest
}
