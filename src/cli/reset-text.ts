/** The plan of a reset for people: everything that changes, and what only looks as if it would. */
import path from 'node:path'
import { counted } from '../runtime/operations/counted.ts'
import type { ResetPlan } from '../runtime/operations/reset-plan.ts'
import type { OffsetReset } from '../runtime/operations/reset-target.ts'
import { oneLine } from './printable.ts'
import { styled } from './style.ts'
import { tableText } from './table.ts'

/** `removesMembers`: with --force-members. Without it members are a refusal, which names them. */
export function resetText(plan: ResetPlan, removesMembers: boolean): string {
  const sections = [
    removesMembers ? membersText(plan) : '',
    offsetsText(plan),
    topicsText(plan),
    stateText(plan),
  ].filter((section) => section !== '')
  return `${styled('heading', plan.applicationId)}: what a reset changes\n\n${sections.join('\n')}\n`
}

function membersText({ members }: ResetPlan): string {
  return members
    .map(({ memberId, instanceId, clientId, host }) => {
      const identity = instanceId === null ? memberId : `${memberId}, instance ${instanceId}`
      return `${styled('bad', '- remove')} member ${oneLine(`${clientId} at ${host} (${identity})`)}\n`
    })
    .join('')
}

function offsetsText({ offsets, deleteOffsets }: ResetPlan): string {
  const table = tableText<OffsetReset>(
    [
      { title: 'TOPIC', value: ({ topic }) => topic, style: () => 'name', flexible: 'middle', widthMin: 20 },
      { title: 'PARTITION', value: ({ partition }) => String(partition), align: 'right' },
      { title: 'COMMITTED', value: ({ from }) => from, align: 'right' },
      {
        title: 'WILL BE',
        value: ({ to }) => to,
        align: 'right',
        style: ({ from, to }) => (from === to ? 'quiet' : 'warning'),
      },
      {
        title: 'NOTE',
        value: ({ from, to, asked }) =>
          asked !== null ? `${asked} was asked for, and is not in the log` : from === to ? 'stays' : '',
        flexible: true,
      },
    ],
    offsets,
  )
  const input = offsets.length === 0 ? 'no partition of the input is set\n' : table
  const internal =
    deleteOffsets.length === 0
      ? ''
      : `${counted(deleteOffsets.length, 'committed offset')} of internal topics: deleted\n`
  return `${input}${internal}`
}

function topicsText({ deleteTopics, keptTopics }: ResetPlan): string {
  return [
    ...deleteTopics.map((name) => `${styled('bad', '- delete')} topic ${name}\n`),
    ...keptTopics.map(({ name, reason }) => `${styled('quiet', '  keep')} topic ${name}: ${reason}\n`),
  ].join('')
}

function stateText({ state }: ResetPlan): string {
  if (state === null) return `${styled('quiet', '  keep')} the state on this machine\n`
  const removed = state.slots.flatMap(({ directory, state: names }) => names.map((name) => path.join(directory, name)))
  if (removed.length === 0) return `no state of it on this machine (${state.directory})\n`
  const foreign = [...state.foreign, ...state.slots.flatMap((slot) => slot.foreign)]
  const kept =
    foreign.length === 0 ? '' : `${styled('quiet', '  keep')} what is not millrace's there: ${foreign.join(', ')}\n`
  return `${removed.map((directory) => `${styled('bad', '- remove')} state ${directory}\n`).join('')}${kept}`
}
