/** What something prints on standard output, without a process of its own. */
import { vi } from 'vitest'

export async function printed(run: () => Promise<void>): Promise<string> {
  let text = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((part: unknown, done?: unknown) => {
    text += String(part)
    if (typeof done === 'function') (done as () => void)()
    return true
  })
  try {
    await run()
  } finally {
    write.mockRestore()
  }
  return text
}
