/**
 * Files that are read whole: those that hold a setting (configuration, passwords, certificates), and those that a command
 * is given as input (offsets, descriptions of topologies). One that never ends would take all memory, a pipe that nobody
 * writes to would wait for ever.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** All certificate authorities of the world have a quarter of it. */
const settingMaxBytes = 1024 * 1024
/** Offsets of 200,000 partitions, or a topology of 20,000 nodes. */
const inputMaxBytes = 16 * 1024 * 1024

export interface SmallFileOptions {
  /** `<(sops --decrypt …)` gives one, where the file is named by whoever calls. */
  readonly takesPipe: boolean
  readonly maxBytes?: number
}

/** What a command is given as input, by an option: also a pipe. Throws as `readSmallFile`. */
export function readInputFile(file: string): string {
  return readSmallFile(file, { takesPipe: true, maxBytes: inputMaxBytes })
}

/** As UTF-8. Throws the system's error, or one that says what it is instead of a file. */
export function readSmallFile(file: string, { takesPipe, maxBytes = settingMaxBytes }: SmallFileOptions): string {
  // Without O_NONBLOCK the opening of a pipe already waits.
  const descriptor = openSync(file, takesPipe ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const found = fstatSync(descriptor)
    if (!found.isFile() && !(takesPipe && found.isFIFO())) throw new Error(`it is ${kindOf(found)}, not a file`)
    return readAll(descriptor, maxBytes).toString('utf8')
  } finally {
    closeSync(descriptor)
  }
}

function kindOf(found: ReturnType<typeof fstatSync>): string {
  if (found.isDirectory()) return 'a directory'
  return found.isFIFO() ? 'a pipe' : 'a device'
}

function readAll(descriptor: number, maxBytes: number): Buffer {
  const chunks: Buffer[] = []
  let bytes = 0
  for (;;) {
    const chunk = Buffer.alloc(64 * 1024)
    const read = readSync(descriptor, chunk)
    if (read === 0) return Buffer.concat(chunks)
    chunks.push(chunk.subarray(0, read))
    bytes += read
    if (bytes > maxBytes) throw new Error(`it is larger than ${maxBytes / 1024 / 1024} MiB`)
  }
}
