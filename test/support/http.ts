/** Requests as they are: no client in between that would put a target, a header or a method right. */
import { connect } from 'node:net'

export interface RawAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** Sends these bytes and reads until the server ends the connection. */
export async function sendRaw(port: number, text: string): Promise<RawAnswer> {
  const chunks: Buffer[] = []
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(text))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('close', () => resolve())
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve() : reject(error)))
  })
  const [head = '', ...rest] = Buffer.concat(chunks).toString('utf8').split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
  })
  return { status: Number(statusLine.split(' ')[1]), headers: new Map(headers), body: rest.join('\r\n\r\n') }
}

export interface AskOptions {
  readonly method?: string
  readonly host?: string
  readonly headers?: readonly string[]
}

/** One request on a connection of its own. */
export function ask(port: number, target: string, options: AskOptions = {}): Promise<RawAnswer> {
  const { method = 'GET', host = `127.0.0.1:${port}`, headers = [] } = options
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers]
  return sendRaw(port, `${lines.join('\r\n')}\r\n\r\n`)
}
