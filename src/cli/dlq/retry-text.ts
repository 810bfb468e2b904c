/** Plan and result of `millrace dlq retry` for people. */
import { styled } from '../style.ts'
import { tableText } from '../table.ts'
import { counted } from './letter-text.ts'
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
}

export function newTally(): Tally {
  return { sent: 0, targets: new Map(), stay: new Map(), notSelected: 0 }
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

export function stayCount({ stay }: Tally): number {
  return [...stay.values()].reduce((sum, letters) => sum + letters, 0)
}

export function tallyDocument({ sent, targets, stay, notSelected }: Tally): object {
  return {
    letters: sent,
    targets: [...targets.values()],
    stay: Object.fromEntries(stay),
    notSelected,
  }
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
  const lines = [...stay].map(([reason, letters]) =>
    styled('warning', `${counted(letters, 'letter')} ${stayReasons[reason]}`),
  )
  if (notSelected > 0) lines.push(`${counted(notSelected, 'letter')} are not meant by the conditions`)
  return lines.map((line) => `${line}\n`).join('')
}
