/** What `bin/millrace.js` loads: runs the command line of this process. */
import { runCommandLine } from './command-line.ts'
import { endQuietlyOnClosedPipe, hideNodeWarnings } from './terminal.ts'

endQuietlyOnClosedPipe()
hideNodeWarnings()
process.exitCode = await runCommandLine(process.argv.slice(2))
