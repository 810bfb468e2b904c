/** The list of letters for people: a table for each topic. */
import { counted } from '../../runtime/operations/counted.ts'
import { styled } from '../style.ts'
import { tableText } from '../table.ts'
import { sourceText, timeText } from './letter-text.ts'

/** Letters that failed in the same way at the same place. */
export interface LetterGroup {
  readonly topic: string
  readonly exception: string | null
  readonly code: string | null
  readonly node: string | null
  readonly sourceTopic: string | null
  readonly sourcePartition: number | null
  letters: number
  /** Of these, those that `retry` has sent again. */
  retried: number
  /** Times of the records, in milliseconds. */
  firstTimestamp: number
  lastTimestamp: number
  /** Of the last one that was read. */
  lastMessage: string | null
}

export interface TopicLetters {
  readonly topic: string
  letters: number
  retried: number
}

export interface LetterList {
  readonly topics: readonly TopicLetters[]
  readonly groups: readonly LetterGroup[]
  /** In none of the groups: there are too many. */
  readonly lettersInOtherGroups: number
}

export function listText({ topics, groups, lettersInOtherGroups }: LetterList): string {
  const parts = topics.map(
    (topic) =>
      `${headingOf(topic)}\n${topic.letters === 0 ? '' : '\n'}${tableOf(groups.filter((group) => group.topic === topic.topic))}`,
  )
  const others =
    lettersInOtherGroups === 0 ? '' : `and ${counted(lettersInOtherGroups, 'letter')} in more groups than are listed\n`
  return `${parts.join('\n')}${others}`
}

function headingOf({ topic, letters, retried }: TopicLetters): string {
  if (letters === 0) return `${styled('heading', topic)}: no letters`
  const done = retried === 0 ? '' : `, ${retried.toLocaleString('en')} of them sent again`
  return `${styled('heading', topic)}: ${counted(letters, 'letter')}${done}`
}

function tableOf(groups: readonly LetterGroup[]): string {
  return tableText<LetterGroup>(
    [
      { title: 'LETTERS', value: ({ letters }) => letters, align: 'right' },
      { title: 'RETRIED', value: ({ retried }) => retried, align: 'right', style: () => 'quiet', expendable: 2 },
      { title: 'ERROR', value: ({ exception }) => exception, style: () => 'bad', flexible: 'middle' },
      { title: 'CODE', value: ({ code }) => code?.replace(/^MILLRACE_/, ''), expendable: 3 },
      { title: 'NODE', value: ({ node }) => node, style: () => 'name', flexible: 'middle', expendable: 5 },
      {
        title: 'SOURCE',
        value: ({ sourceTopic, sourcePartition }) => sourceText(sourceTopic, sourcePartition),
        flexible: 'middle',
      },
      { title: 'FIRST', value: ({ firstTimestamp }) => timeText(firstTimestamp), expendable: 1 },
      { title: 'LAST', value: ({ lastTimestamp }) => timeText(lastTimestamp), expendable: 4 },
      { title: 'MESSAGE', value: ({ lastMessage }) => lastMessage, flexible: true, widthMin: 18 },
    ],
    groups,
  )
}
