/**
 * The disk, as seen by everything that keeps state on it. Nothing else in `src` that a stream thread runs touches files,
 * so that a simulation can own the disk and break it.
 *
 * Paths are absolute. A missing file or directory is an ordinary answer where that is said; every other failure is thrown
 * as the system's own error (`code`: ENOSPC, EIO, EACCES, …).
 */
export interface FileSystem {
  /** With its parents; nothing happens where it exists. */
  makeDirectory(path: string): Promise<void>
  /** The names in it, in no order; none where there is no such directory. */
  list(path: string): Promise<string[]>
  /** `read`: undefined where there is no such file. */
  open(path: string, mode: 'read'): Promise<OpenFile | undefined>
  /** `append` makes the file where there is none; `replace` makes it empty. */
  open(path: string, mode: 'append' | 'replace'): Promise<OpenFile>
  /** Atomic: takes the place of a file at `to`. */
  rename(from: string, to: string): Promise<void>
  /** A file, or a directory with all that is in it; nothing happens where there is none. */
  remove(path: string): Promise<void>
  /** Whether it is a symbolic link, wherever that leads; false where there is nothing. */
  isLink(path: string): Promise<boolean>
  /** When it was written last, in milliseconds since the epoch; undefined where there is none. */
  modifiedAtMs(path: string): Promise<number | undefined>
}

export interface OpenFile {
  /** In bytes, with what was appended here. */
  readonly size: number
  /** Fewer bytes than asked for only at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>
  /** All chunks in order, at the end. A failure may leave any prefix of them there. */
  append(chunks: readonly Uint8Array[]): Promise<void>
  truncate(size: number): Promise<void>
  /** What was written survives a power cut once this has resolved. */
  sync(): Promise<void>
  close(): Promise<void>
}
