/**
 * A process that takes slots as it is told, for test/support/slot-process.ts: each message is answered by one. It ends with
 * its parent.
 */
import { nodeFileSystem } from '../../src/common/node-file-system.ts'
import { slotOpener } from '../../src/runtime/state-directory.ts'
import type { StateSlot } from '../../src/runtime/state-slot.ts'
import type { SlotAnswer, SlotRequest } from './slot-process.ts'

const openSlot = slotOpener(nodeFileSystem)
let slot: StateSlot | undefined

process.on('message', (request: SlotRequest) => {
  obey(request).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ problem: String(error) } satisfies SlotAnswer),
  )
})
process.on('disconnect', () => process.exit())

async function obey(request: SlotRequest): Promise<SlotAnswer> {
  switch (request.what) {
    case 'open':
      slot = await openSlot({
        stateDir: request.stateDir,
        applicationId: 'app',
        startId: `start of ${process.pid}`,
        startedAtMs: process.pid,
      })
      return { directory: slot.directory ?? '', processId: slot.processId, predecessors: slot.predecessors }
    case 'remember':
      await slot?.remember(request.left)
      return {}
    case 'isHeld':
      return { isHeld: await slot?.isHeld() }
    case 'release':
      await slot?.release()
      return {}
  }
}
