/** Dockerfile, compose file and Kubernetes manifests of a project: those in `docker/`, with its name and its topics. */
import type { Example } from './examples.ts'
import { packaged, packagedFiles, replaced } from './packaged.ts'
import type { Replacement } from './packaged.ts'

export interface ProjectFile {
  readonly path: string
  readonly content: string | Uint8Array
}

const docs: Replacement = [/\((docs\/[\w-]+\.md)/g, '(node_modules/millrace/$1']

export function containerFiles(name: string, example: Example): ProjectFile[] {
  return [
    { path: 'Dockerfile', content: dockerfile(name) },
    { path: '.dockerignore', content: packaged('docker/.dockerignore') },
    { path: 'compose.yaml', content: composeFile(name, example) },
    ...packagedFiles('docker/kubernetes').map((file) => ({
      path: `kubernetes/${file}`,
      content: manifest(file, name, example),
    })),
  ]
}

function dockerfile(name: string): string {
  return replaced(packaged('docker/Dockerfile'), 'Dockerfile', [
    ['docker build --build-arg MODULE=topologies/word-count.ts -t word-count .', `docker build -t ${name} .`],
    ['-v word-count:/var/lib/millrace word-count', `-v ${name}:/var/lib/millrace ${name}`],
    ['ARG MODULE=topology.ts', 'ARG MODULE=src/topology.ts'],
    docs,
  ])
}

function composeFile(name: string, { topics, tables }: Example): string {
  const policies = topics.map((topic) => (tables.includes(topic) ? `${topic}:compact` : topic))
  return replaced(packaged('docker/compose.yaml'), 'compose.yaml', [
    [
      "MODULE=topologies/orders.ts TOPICS='customers:compact orders enriched-orders'",
      "MODULE=src/other.ts TOPICS='input output'",
    ],
    ['${COMPOSE_PROJECT_NAME:-millrace}', `\${COMPOSE_PROJECT_NAME:-${name}}`],
    ['${IMAGE:-millrace-application}', `\${IMAGE:-${name}}`],
    ['${TOPICS:-text-lines word-counts}', `\${TOPICS:-${policies.join(' ')}}`],
    ['${MODULE:-topology.ts}', '${MODULE:-src/topology.ts}'],
  ])
}

function manifest(file: string, name: string, example: Example): string {
  const original = packaged(`docker/kubernetes/${file}`)
  const text = file === 'autoscaling/scaled-object.yaml' ? withTriggers(original, example) : original
  return withoutAdvice(text, file)
    .replaceAll('docker/kubernetes', 'kubernetes')
    .replaceAll(...docs)
    .replaceAll('word-count', name)
}

/** One for each topic that is read, as the comment above them says. */
function withTriggers(text: string, { reads, topics }: Example): string {
  const [head, first] = text.split(/^(?= {4}- type: kafka$)/m)
  if (head === undefined || first === undefined)
    throw new Error('scaled-object.yaml has no trigger (please report this)')
  const triggers = reads.map((topic) => {
    const onBroker = topics.includes(topic) ? topic : `word-count-${topic}`
    return replaced(first, 'scaled-object.yaml', [['topic: text-lines', `topic: ${onBroker}`]])
  })
  // What one explains all of them need not explain.
  return `${head}${triggers[0]}${triggers
    .slice(1)
    .join('')
    .replaceAll(/^ +# .*\n/gm, '')}`
}

/** The original says how to do what is done here. */
function withoutAdvice(text: string, file: string): string {
  if (file !== 'base/kustomization.yaml') return text
  return replaced(text, file, [[/ `word-count` is the application's name in all of these files.*\n#.*sed.*\n/g, '\n']])
}
