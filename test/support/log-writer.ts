/**
 * A process that commits to a state log until it is killed: `node test/support/log-writer.ts <directory>`. It goes on
 * behind the marker that it finds, and prints the number of each commit that was resolved.
 */
import { nodeFileSystem } from '../../src/common/node-file-system.ts'
import { LogEngine } from '../../src/state/log-engine.ts'
import { batchOf, markerOf } from './task-state.ts'

const [, , directory = ''] = process.argv
// Small enough that kills meet it being written anew.
const limits = { rewriteAboveBytes: 20_000, rewriteSliceBytes: 500 }
const state = await new LogEngine({ fileSystem: nodeFileSystem, limits }).open('0_0', directory)

for (let number = (state.marker?.committedAtMs ?? 0) + 1; ; number++) {
  const value = `${number}`.repeat(20)
  await state.commit(batchOf(['s', `k${number % 50}`, value], ['t', 'last', `${number}`]), markerOf(number))
  process.stdout.write(`${number}.\n`)
}
