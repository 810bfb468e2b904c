/**
 * The image of an application as a user builds it: a project with the packed tarball among its packages, a topology, and
 * docker/Dockerfile beside them. Built once per test file; without changes the engine takes every layer from its cache.
 */
import { execFile } from 'node:child_process'
import { copyFile, cp, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { docker } from './docker.ts'

const run = promisify(execFile)
const root = path.join(import.meta.dirname, '../..')
/** Of this checkout's tests; it stays, as a cache of layers. */
export const wordCountImage = 'millrace-test/word-count:latest'
const topology = 'topologies/word-count/topology.ts'

export async function buildWordCountImage(tag: string = wordCountImage, ...args: readonly string[]): Promise<string> {
  await run(path.join(root, 'scripts/containers/images.sh'), [], { timeout: 600_000 })
  const project = await mkdtemp(path.join(tmpdir(), 'millrace-image-'))
  try {
    await writeProject(project)
    const before = await idOf(tag)
    await docker('build', '--quiet', '--tag', tag, '--build-arg', `MODULE=${topology}`, ...args, project)
    // What a tag has moved away from would stay for ever.
    if (before !== '' && before !== (await idOf(tag))) await docker('image', 'rm', before).catch(() => undefined)
    return tag
  } finally {
    await rm(project, { recursive: true, force: true })
  }
}

/** Empty where there is none. */
function idOf(tag: string): Promise<string> {
  return docker('image', 'inspect', '--format', '{{.Id}}', tag).catch(() => '')
}

async function writeProject(project: string): Promise<void> {
  // dist is there: who runs tests has built it (scripts/test.mjs).
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', project], { cwd: root })
  const tarball = (await readdir(project)).find((file) => file.endsWith('.tgz')) ?? ''
  await rename(path.join(project, tarball), path.join(project, 'millrace.tgz'))
  const manifest = {
    name: 'word-count',
    private: true,
    type: 'module',
    dependencies: { millrace: 'file:millrace.tgz' },
    // As a project has it that runs its tests on Kafka in a container; nothing of it belongs into the image.
    devDependencies: { testcontainers: '*' },
  }
  await writeFile(path.join(project, 'package.json'), JSON.stringify(manifest))
  await cp(path.join(root, 'topologies'), path.join(project, 'topologies'), { recursive: true })
  for (const file of ['Dockerfile', '.dockerignore']) {
    await copyFile(path.join(root, 'docker', file), path.join(project, file))
  }
  await run('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], { cwd: project, timeout: 120_000 })
}

/** Bytes, layers of the base included. */
export async function imageSizeBytes(tag: string): Promise<number> {
  return Number(await docker('image', 'inspect', '--format', '{{.Size}}', tag))
}
