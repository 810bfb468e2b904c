/** The word count of the image, in containers: how an instance is started, and what its topics are called. */
import type { ContainerBed, Container, ContainerOptions } from './docker.ts'
import { wordCountImage } from './word-count-image.ts'

export const input = 'text-lines'
export const output = 'word-counts'
export const repartition = 'word-count-counts-repartition'

/** As an orchestrator would restrict it: nothing writable but the volume, no capability, no other user. */
const restricted = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--memory', '512m']

export function startWordCount(bed: ContainerBed, volume: string, options: ContainerOptions = {}): Promise<Container> {
  return bed.start(wordCountImage, {
    args: [...restricted, '--volume', `${volume}:/var/lib/millrace`, ...(options.args ?? [])],
    env: { MILLRACE_BROKERS: 'kafka:9092', ...options.env },
    command: options.command ?? ['run'],
  })
}

export const running = '-> RUNNING'
