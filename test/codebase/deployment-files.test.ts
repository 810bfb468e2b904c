/**
 * docker/: the Kubernetes manifests against the published schemas (test/testdata/kubernetes, made by
 * scripts/containers/kubernetes-schemas.mjs), and that the files fit together, and to the command line, in what they name.
 */
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { environmentValues } from '../../src/cli/environment.ts'
import { configDefaults } from '../../src/runtime/streams-config.ts'
import { graceSeconds, podOf, variablesOf } from './deployment-facts.ts'
import type { Manifest, ManifestFile } from './deployment-facts.ts'
import { filesIn, read } from './project-files.ts'

const folder = 'docker/kubernetes'

interface Schemas {
  readonly kinds: Readonly<Record<string, object>>
  readonly $defs: object
  readonly kedaTriggers?: Readonly<Record<string, readonly string[]>>
}

const schemasOf = (name: string): Schemas => JSON.parse(read(`test/testdata/kubernetes/${name}.json`)) as Schemas
const custom = schemasOf('custom-resources')

const manifests: readonly ManifestFile[] = filesIn(folder)
  .filter((file) => !file.endsWith('kustomization.yaml'))
  .map((file) => ({ file, manifest: parse(read(file)) as Manifest }))
const workloads = manifests.filter(({ manifest }) => ['StatefulSet', 'Deployment'].includes(manifest.kind))

/** What is wrong with it, empty: nothing. */
function faults(manifest: Pick<Manifest, 'apiVersion' | 'kind'>, { kinds, $defs }: Schemas): string[] {
  const schema =
    kinds[`${manifest.apiVersion} ${manifest.kind}`] ?? custom.kinds[`${manifest.apiVersion} ${manifest.kind}`]
  if (schema === undefined) return [`no schema of ${manifest.apiVersion} ${manifest.kind}`]
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  const validate = ajv.compile({ ...schema, $defs })
  return validate(manifest)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

describe.each(['1.30.0', '1.37.0'])('the manifests under Kubernetes %s', (version) => {
  const schemas = schemasOf(`kubernetes-${version}`)

  it.each(manifests)('$file is valid', ({ manifest }) => {
    expect(faults(manifest, schemas)).toEqual([])
  })

  it('would not be with a field that does not exist, or a value of another type', () => {
    const [{ manifest }] = workloads as [(typeof workloads)[0]]
    const pod = podOf(manifest)
    const broken = { ...pod, terminationGracePeriodSeconds: 'long', restartPolicyy: 'Always' }
    const spec = { ...manifest.spec, template: { ...manifest.spec.template, spec: broken } }
    const found = faults({ ...manifest, spec } as Pick<Manifest, 'apiVersion' | 'kind'>, schemas).join('\n')
    expect(found).toMatch(/terminationGracePeriodSeconds must be integer/)
    expect(found).toMatch(/must NOT have additional properties/)
  })
})

describe('the files of docker/', () => {
  it.each(['base', 'statefulset', 'deployment', 'autoscaling', 'monitoring'])(
    '%s lists files that are there',
    (name) => {
      const { resources } = parse(read(`${folder}/${name}/kustomization.yaml`)) as { resources: string[] }
      const there = filesIn(`${folder}/${name}`).filter((file) => !/\/kustomization|\.example\./.test(file))
      const listed = resources.filter((resource) => resource !== '../base')
      expect(listed.map((file) => `${folder}/${name}/${file}`).toSorted()).toEqual(there)
    },
  )

  it('select pods by labels that they have', () => {
    for (const { manifest } of manifests) {
      const selector = manifest.spec?.selector ?? manifest.spec?.podSelector
      const labels = selector?.matchLabels ?? selector
      if (labels === undefined) continue
      for (const workload of workloads) expect(workload.manifest.spec.template.metadata.labels).toMatchObject(labels)
    }
  })

  it('mount what is defined, and probe a port that is there', () => {
    for (const { manifest } of workloads) {
      const pod = podOf(manifest)
      const [container] = pod.containers
      const defined = [...pod.volumes, ...(manifest.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata)]
      expect(container.volumeMounts.map(({ name }) => name).toSorted()).toEqual(
        defined.map(({ name }) => name).toSorted(),
      )
      for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
        expect(container.ports.map(({ name }) => name)).toContain(probe.httpGet.port)
      }
    }
  })

  it('set only variables that the command line knows, from files that are mounted', () => {
    for (const [where, variables] of variablesOf(manifests)) {
      const names = Object.keys(variables).filter((name) => name.startsWith('MILLRACE_'))
      expect(names.length, where).toBeGreaterThan(0)
      const given = Object.fromEntries(names.map((name) => [name, variables[name]]))
      const known = ['MILLRACE_BROKERS', 'MILLRACE_MODULE'].filter((name) => name in given).length
      expect(Object.keys(environmentValues(given)), where).toHaveLength(names.length - known)
      for (const name of names.filter((candidate) => candidate.endsWith('_FILE'))) {
        expect(given[name], where).toMatch(/^\/etc\/millrace\/secrets\//)
      }
    }
  })

  it('give a stop more time than its last commit may take', () => {
    const { transactionTimeoutMs } = configDefaults('exactly_once', '/tmp')
    for (const seconds of graceSeconds(workloads)) expect(seconds * 1000).toBeGreaterThan(2 * transactionTimeoutMs)
  })

  it('name only metadata that the scalers of KEDA know', () => {
    const scaled = manifests.find(({ manifest }) => manifest.kind === 'ScaledObject')?.manifest
    expect(scaled?.spec.triggers).toHaveLength(2)
    for (const { type, metadata } of scaled?.spec.triggers ?? []) {
      expect(custom.kedaTriggers?.[type]).toEqual(expect.arrayContaining(Object.keys(metadata)))
    }
  })
})
