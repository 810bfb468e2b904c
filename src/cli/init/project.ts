/** What is decided about a new project before anything is written. */
import type { Example } from './examples.ts'

export interface Project {
  /** Of the package, the application, the image and the Kubernetes objects. */
  readonly name: string
  readonly example: Example
  readonly tests: 'node' | 'vitest'
  /** What package.json asks for: `^1.2.0`, `file:./millrace.tgz`. */
  readonly millrace: string
}
