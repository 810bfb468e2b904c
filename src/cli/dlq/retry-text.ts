/** Plan and result of `millrace dlq retry` for people. */
import { counted } from '../../runtime/operations/counted.ts'
import { styled } from '../style.ts'
import { tableText } from '../table.ts'
import { stayReasons } from './retry-plan.ts'
import type { StayReason } from './retry-plan.ts'

/** What there is to do, or what was done. */
export interface Tally {
  /** Sent, or to be sent. */
  sent: number
  readonly targets: Map<string, { readonly topic: string; readonly to: string; letters: number }>
  readonly stay: Map<StayReason, number>
  /** Not selected by the conditions. */
  notSelected: number
  /** Of those that stay the first ones that nothing but a change of the letter or its topic can send. */
  readonly unsendable: UnsendableLetter[]
  /** Sent in a transaction whose end is not known. */
  inDoubt: number
}

export interface UnsendableLetter {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly reason: Extract<StayReason, 'tooLarge' | 'refused'>
  readonly message: string
}

/** Of those that are named; the others are counted. */
const unsendableMax = 100

export function newTally(): Tally {
  return { sent: 0, targets: new Map(), stay: new Map(), notSelected: 0, unsendable: [], inDoubt: 0 }
}

export function countSent(tally: Tally, topic: string, to: string): void {
  tally.sent++
  const id = `${topic} ${to}`
  const target = tally.targets.get(id) ?? { topic, to, letters: 0 }
  target.letters++
  tally.targets.set(id, target)
}

export function countStay(tally: Tally, reason: StayReason | 'filtered'): void {
  if (reason === 'filtered') tally.notSelected++
  else tally.stay.set(reason, (tally.stay.get(reason) ?? 0) + 1)
}

export function countUnsendable(tally: Tally, letter: UnsendableLetter): void {
  countStay(tally, letter.reason)
  if (tally.unsendable.length < unsendableMax) tally.unsendable.push(letter)
}

export function addTo(sum: Tally, more: Tally): void {
  sum.sent += more.sent
  sum.notSelected += more.notSelected
  sum.unsendable.push(...more.unsendable.slice(0, unsendableMax - sum.unsendable.length))
  for (const [reason, letters] of more.stay) sum.stay.set(reason, (sum.stay.get(reason) ?? 0) + letters)
  for (const [id, { topic, to, letters }] of more.targets) {
    const target = sum.targets.get(id) ?? { topic, to, letters: 0 }
    target.letters += letters
    sum.targets.set(id, target)
  }
}

export function stayCount({ stay }: Tally): number {
  return [...stay.values()].reduce((sum, letters) => sum + letters, 0)
}

export function tallyDocument({ sent, inDoubt, targets, stay, notSelected, unsendable }: Tally): object {
  return {
    letters: sent,
    inDoubt,
    targets: [...targets.values()],
    stay: Object.fromEntries(stay),
    notSelected,
    unsendable,
  }
}

export function unsendableText({ unsendable }: Tally): string {
  const line = ({ topic, partition, offset, message }: UnsendableLetter): string =>
    `${topic}-${partition}@${offset} stays: ${message}\n`
  const rest = unsendable.length < unsendableMax ? '' : `only the first ${unsendableMax} of such letters are named\n`
  return `${unsendable.map(line).join('')}${rest}`
}

/** Each line ends; empty where there is nothing to say. */
export function planText(plan: Tally): string {
  const table = tableText(
    [
      { title: 'LETTERS', value: ({ letters }) => letters, align: 'right' },
      { title: 'FROM', value: ({ topic }) => topic, style: () => 'name' },
      { title: 'TO', value: ({ to }) => to, style: () => 'name' },
    ],
    [...plan.targets.values()],
  )
  return `${table}${stayText(plan)}`
}

export function stayText({ stay, notSelected }: Tally): string {
  const lines = [...stay].map(([reason, letters]) => styled('warning', `${staying(letters)}: ${stayReasons[reason]}`))
  if (notSelected > 0) lines.push(`${staying(notSelected)}: not meant by the conditions`)
  return lines.map((line) => `${line}\n`).join('')
}

function staying(letters: number): string {
  return `${counted(letters, 'letter')} ${letters === 1 ? 'stays' : 'stay'}`
}
