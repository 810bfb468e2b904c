// Writes test/testdata/kubernetes/*.json: what the published schemas say of the kinds that docker/kubernetes uses, without
// their descriptions, so that manifests are checked everywhere and offline. Needs Python with pip, and Go.
//   node scripts/containers/kubernetes-schemas.mjs
// Sources, all under the Apache License 2.0 (NOTICE): Kubernetes' JSON schemas as packed in PyPI's `kubernetes-validate`,
// the custom resources of KEDA and of the Prometheus operator, and KEDA's list of scalers, from their Go modules.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

const kubernetesVersions = ['1.30.0', '1.37.0']
const keda = 'github.com/kedacore/keda/v2@v2.21.0'
const prometheusOperator = 'github.com/prometheus-operator/prometheus-operator@v0.85.0'
const kinds = {
  'v1 ConfigMap': 'configmap-v1',
  'v1 Secret': 'secret-v1',
  'v1 Service': 'service-v1',
  'v1 ServiceAccount': 'serviceaccount-v1',
  'apps/v1 StatefulSet': 'statefulset-apps-v1',
  'apps/v1 Deployment': 'deployment-apps-v1',
  'policy/v1 PodDisruptionBudget': 'poddisruptionbudget-policy-v1',
  'networking.k8s.io/v1 NetworkPolicy': 'networkpolicy-networking-v1',
}
const customResources = [
  [keda, 'config/crd/bases/keda.sh_scaledobjects.yaml'],
  [keda, 'config/crd/bases/keda.sh_triggerauthentications.yaml'],
  [prometheusOperator, 'example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml'],
]
const scalers = ['kafka', 'prometheus']

const reference = /"\$ref":"[^"#]*#\/\$defs\/([^"]+)"/g
const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = path.join(root, 'test/testdata/kubernetes')
const work = mkdtempSync(path.join(tmpdir(), 'kubernetes-schemas-'))

/** Everything but words for people; objects that say which keys they have, and not that there are others, have no others. */
function bare(value, isMap = false) {
  if (Array.isArray(value)) return value.map((item) => bare(item))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([key, item]) => isMap || !isDecoration(key, item))
  const result = Object.fromEntries(entries.map(([key, item]) => [key, bare(item, isMapKey(key) && !isMap)]))
  const open = isMap || value['x-kubernetes-preserve-unknown-fields'] === true || 'additionalProperties' in value
  return 'properties' in value && !open ? { ...result, additionalProperties: false } : result
}

const isMapKey = (key) => key === 'properties' || key === '$defs'
const isDecoration = (key, item) =>
  (key === 'description' && typeof item === 'string') ||
  key.startsWith('x-') ||
  ['default', 'example', '$id', '$schema'].includes(key)

function fetchKubernetes() {
  execFileSync('pip', ['download', '--quiet', '--no-deps', 'kubernetes-validate', '--dest', work], { stdio: 'inherit' })
  const wheel = readdirSync(work).find((file) => file.endsWith('.whl'))
  execFileSync('python3', ['-m', 'zipfile', '-e', path.join(work, wheel), path.join(work, 'kubernetes')])
}

function kubernetesSchemas(version) {
  const source = path.join(work, `kubernetes/kubernetes_validate/kubernetes-json-schema/v${version}-local-strict`)
  const read = (name) => JSON.parse(readFileSync(path.join(source, `${name}.json`), 'utf8'))
  const all = read('_definitions')
  const found = {}
  const follow = (value) => {
    for (const name of JSON.stringify(value).matchAll(reference)) {
      if (name[1] in found) continue
      found[name[1]] = bare(all.$defs[name[1]])
      follow(found[name[1]])
    }
  }
  const schemas = Object.fromEntries(Object.entries(kinds).map(([kind, file]) => [kind, bare(read(file))]))
  follow(schemas)
  const text = JSON.stringify({ kinds: schemas, $defs: found })
  return JSON.parse(text.replaceAll(reference, '"$ref":"#/$defs/$1"'))
}

function moduleFolder(module) {
  return JSON.parse(execFileSync('go', ['mod', 'download', '-json', module], { encoding: 'utf8', cwd: work })).Dir
}

function customSchemas() {
  return Object.fromEntries(
    customResources.flatMap(([module, file]) => {
      const { spec } = parse(readFileSync(path.join(moduleFolder(module), file), 'utf8'))
      return spec.versions.map(({ name, schema }) => [`${spec.group}/${name} ${spec.names.kind}`, withMetadata(schema)])
    }),
  )
}

/** What every object has: the API server adds it to a custom resource's own schema. */
function withMetadata({ openAPIV3Schema }) {
  const schema = bare(openAPIV3Schema)
  return { ...schema, properties: { ...schema.properties, metadata: { type: 'object' } } }
}

function kedaTriggers() {
  const file = path.join(moduleFolder(keda), 'schema/generated/scalers-schema.json')
  const known = JSON.parse(readFileSync(file, 'utf8')).scalers.filter(({ type }) => scalers.includes(type))
  return Object.fromEntries(known.map(({ type, parameters }) => [type, parameters.map(({ name }) => name)]))
}

try {
  mkdirSync(folder, { recursive: true })
  fetchKubernetes()
  const write = (name, value) => writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(value)}\n`)
  for (const version of kubernetesVersions) write(`kubernetes-${version}`, kubernetesSchemas(version))
  write('custom-resources', { kinds: customSchemas(), $defs: {}, kedaTriggers: kedaTriggers() })
} finally {
  rmSync(work, { recursive: true, force: true })
}
