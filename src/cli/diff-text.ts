/** The comparison of two versions of a topology, for people. */
import type { ChangeVerdict, DiffVerdict, TopologyChange, TopologyDiff } from '../topology/diff-model.ts'
import { styled, type Style } from './style.ts'
import { paragraph } from './wrap.ts'

const meanings: Readonly<Record<DiffVerdict, string>> = {
  identical: 'nothing changed',
  safe: 'it goes on where the old version stopped',
  migrates: 'it starts and works; read below what becomes of state and topics',
  'needs-reset': 'state or offsets would be wrong, records lost, or the start refused; read below what to do',
}

const styles: Readonly<Record<DiffVerdict, Style>> = {
  identical: 'good',
  safe: 'good',
  migrates: 'warning',
  'needs-reset': 'bad',
}

/** Ends with a line end. */
export function diffText(diff: TopologyDiff): string {
  const { verdict, rolling, changes, leftoverTopics } = diff
  const head = [`${styled(styles[verdict], verdict)}: ${meanings[verdict]}`]
  if (verdict !== 'identical') {
    head.push(
      rolling
        ? 'Instances of both versions can run side by side.'
        : 'Stop all instances of the old version before the first of the new one starts.',
    )
  }
  const rest =
    leftoverTopics.length === 0
      ? []
      : ['', 'Topics that nobody uses any more:', ...leftoverTopics.map((topic) => `  ${topic}`)]
  const safe = changes.filter((change) => change.verdict === 'safe')
  const others = changes.filter((change) => change.verdict !== 'safe')
  const harmless =
    safe.length === 0 ? [] : ['', styled(styles.safe, 'safe'), ...safe.map(({ message }) => `  ${message}`)]
  return `${[...head, ...others.flatMap(changeLines), ...harmless, ...rest].join('\n')}\n`
}

function changeLines({ verdict, subject, name, rule, message, action }: TopologyChange): string[] {
  return [
    '',
    `${styled(styles[verdict], verdict)}  ${subject} ${styled('name', name)} ${styled('quiet', `(${rule})`)}`,
    paragraph(`  ${message}`, 2),
    ...(action === undefined ? [] : [paragraph(`  ${styled('heading', 'to do:')} ${action}`, 2)]),
  ]
}

/** `needs-reset (2 changes need a reset, 1 migrates)`. */
export function diffSummary({ verdict, changes }: TopologyDiff): string {
  const count = (wanted: ChangeVerdict): number => changes.filter((change) => change.verdict === wanted).length
  const [resets, migrations] = [count('needs-reset'), count('migrates')]
  const parts = [
    ...(resets === 0 ? [] : [`${resets} ${resets === 1 ? 'change needs' : 'changes need'} a reset`]),
    ...(migrations === 0 ? [] : [`${migrations} ${migrations === 1 ? 'migrates' : 'migrate'}`]),
  ]
  return `${verdict} (${parts.join(', ')})`
}
