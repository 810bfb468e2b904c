/** The README of a project: what it has, how it is tried, and what to do next. */
import { packaged, replaced } from './packaged.ts'
import type { Project } from './project.ts'

export function readme({ name, example, tests }: Pick<Project, 'name' | 'example' | 'tests'>): string {
  return `# ${name}

${example.summary}

${exampleParts(example.name)}

## Work on it

${commandTable(tests)}

- \`src/topology.ts\` is the application; \`millrace.json\` its configuration. Every key can come from the environment, too.
- Integration tests run on a broker in their process. With \`npm install --save-dev testcontainers\` and
  \`MILLRACE_TEST_KAFKA=container\` they run on Apache Kafka.
- \`npx millrace shell\` runs commands one after the other; \`npx millrace --help\` lists them.

## Deploy it

\`\`\`sh
docker compose up --build --wait                  # Kafka, a schema registry, three replicas, on this machine
kubectl apply --kustomize kubernetes/statefulset  # or kubernetes/deployment
\`\`\`

Before \`kubectl\`: push the image, name it in \`kubernetes/statefulset/kustomization.yaml\`, and say where Kafka is in
\`kubernetes/base/config.yaml\`; \`kubernetes/base/secret.example.yaml\` shows the secret. Topics have to exist: ${example.topics.map((topic) => `\`${topic}\``).join(', ')}.

More: \`node_modules/millrace/docs/README.md\`.
`
}

function commandTable(tests: Project['tests']): string {
  const rows = [
    ['command', 'does'],
    ['`npm run dev`', 'the application on a broker in memory, on port 9092; no Kafka is needed'],
    ['`npm start`', 'the application on the Kafka of `millrace.json`, or of `MILLRACE_BROKERS`'],
    ['`npm test`', `the topology alone, by ${tests === 'node' ? 'node:test' : 'vitest'}`],
    ['`npm run test:integration`', 'the application on a Kafka, which is a part of the test'],
    ['`npm run check`', 'types'],
    ['`npm run describe`', 'what the topology is made of; `-- --format mermaid` draws it'],
    ['`npm run validate`', 'finds what will surprise: names, co-partitioning, unbounded state'],
    ['`npm run docker:build`', 'the image'],
  ] as const
  const widths = ([0, 1] as const).map((column) => Math.max(...rows.map((row) => row[column].length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head, ...body] = rows.map(line)
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n')
}

/** The table of topics, and what to send and what comes out: of the example's own README, which is tested. */
function exampleParts(name: string): string {
  const file = `topologies/${name}/README.md`
  const text = packaged(file)
  const table = /^\| Topic[\s\S]*?\n(?=\n)/m.exec(text)?.[0]
  const run = /^## Run it\n[\s\S]*?(?=^## )/m.exec(text)?.[0]
  if (table === undefined || run === undefined)
    throw new Error(`${file} has no topics or no 'Run it' (please report this)`)
  const own = replaced(run, file, [
    [/^millrace /gm, 'npx millrace '],
    [`topologies/${name}/topology.ts`, 'src/topology.ts'],
  ])
  return `${table}\n${own.replace('## Run it\n', '## Try it\n\nAfter `npm install`:\n').trimEnd()}`
}
