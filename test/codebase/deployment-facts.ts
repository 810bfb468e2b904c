/** What the files of docker/ say, read for the test that they fit together. */
import { parse } from 'yaml'
import { read } from './project-files.ts'

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly data?: Readonly<Record<string, string>>
  readonly spec: Spec
}

interface Spec {
  readonly selector?: Labels
  readonly podSelector?: Labels
  readonly template: { readonly metadata: { readonly labels: object }; readonly spec: Pod }
  readonly volumeClaimTemplates?: readonly { readonly metadata: Named }[]
  readonly triggers?: readonly { readonly type: string; readonly metadata: object }[]
}

type Labels = { readonly matchLabels?: object } & Readonly<Record<string, unknown>>

interface Named {
  readonly name: string
}

interface Probe {
  readonly httpGet: { readonly port: string }
}

interface Pod {
  readonly terminationGracePeriodSeconds: number
  readonly volumes: readonly Named[]
  readonly containers: readonly [
    {
      readonly env?: readonly Named[]
      readonly ports: readonly Named[]
      readonly volumeMounts: readonly Named[]
      readonly startupProbe: Probe
      readonly livenessProbe: Probe
      readonly readinessProbe: Probe
    },
  ]
}

export interface ManifestFile {
  readonly file: string
  readonly manifest: Manifest
}

type Variables = Readonly<Record<string, string>>

interface Compose {
  readonly 'x-application': { readonly environment: Variables; readonly stop_grace_period: string }
}

export function podOf(manifest: Manifest): Pod {
  return manifest.spec.template.spec
}

const compose = (): Compose => parse(read('docker/compose.yaml'), { merge: true }) as Compose

/** Environments that are written down, by where: of the image, of compose, of Kubernetes. */
export function variablesOf(manifests: readonly ManifestFile[]): Map<string, Variables> {
  const found = new Map<string, Variables>([
    ['Dockerfile', imageVariables()],
    ['compose.yaml', compose()['x-application'].environment],
  ])
  for (const { file, manifest } of manifests) {
    if (manifest.kind === 'ConfigMap') found.set(file, manifest.data ?? {})
    const env = manifest.kind === 'StatefulSet' ? (podOf(manifest).containers[0].env ?? []) : []
    if (env.length > 0) found.set(file, Object.fromEntries(env.map(({ name }) => [name, 'word-count-0'])))
  }
  return found
}

/** `ENV NAME=value \` and the lines that go on with it. */
function imageVariables(): Variables {
  const block = /^ENV ((?:.*\\\n)*.*)$/m.exec(read('docker/Dockerfile'))?.[1] ?? ''
  return Object.fromEntries([...block.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]))
}

/** Seconds between SIGTERM and SIGKILL. */
export function graceSeconds(workloads: readonly ManifestFile[]): number[] {
  const ofCompose = Number(/^(\d+)s$/.exec(compose()['x-application'].stop_grace_period)?.[1])
  return [ofCompose, ...workloads.map(({ manifest }) => podOf(manifest).terminationGracePeriodSeconds)]
}
