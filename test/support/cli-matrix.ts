/**
 * How every command is called in every way that a command can be called: see test/integration/cli-matrix.test.ts, which
 * fails for a command without a row. What does not apply to a command says why.
 */
import { moduleOf } from './cli-bed.ts'

export interface NotApplicable {
  readonly because: string
}

export interface Call {
  readonly args: readonly string[]
  /** What it prints when it is at work; it is then ended with Ctrl-C. Undefined: it ends by itself. */
  readonly until?: string
  readonly stdin?: string
}

export interface Row {
  /** `dlq ls`. */
  readonly path: string
  /** With --brokers: it asks a Kafka. */
  readonly isOnKafka: boolean
  /** Called so it succeeds on the prepared cluster. */
  readonly call: Call
  /** An option with a slip, and the one that is meant. */
  readonly slip: readonly [string, string]
  /** Exit code 2, and a message with this in it. */
  readonly wrong: { readonly args: readonly string[]; readonly says: RegExp }
  /** Where nobody listens: exit code 5. */
  readonly unreachable: { readonly args: readonly string[] } | NotApplicable
  readonly empty: { readonly args: readonly string[]; readonly code: number; readonly says: RegExp } | NotApplicable
  /** Of `-o json`; `rows` of `-o jsonl`, where it has that: see `fitsSchemaOfRows`. */
  readonly documents: { readonly schema: string; readonly rows?: string } | NotApplicable
  /** Whose reader has gone. */
  readonly closedPipe: readonly string[] | NotApplicable
  /** Ctrl-C while the broker does not answer ('silent'), or once the call is at work: the exit code. */
  readonly interrupted: { readonly when: 'silent' | 'at work'; readonly code: number } | NotApplicable
  /** Something in what it prints is coloured on a terminal. */
  readonly isColoured: true | NotApplicable
  /** Nothing but data with --quiet. */
  readonly isQuiet: true | NotApplicable
}

export const wordCount: string = moduleOf('topologies/word-count.ts')
/** On the prepared cluster; with one letter, of a record of `orders`. */
export const letters = 'letters'

const noKafka: NotApplicable = { because: 'it works without a Kafka' }
const atOnce: NotApplicable = { because: 'it waits for nothing' }
const noDocument: NotApplicable = { because: 'what it prints is no document' }

const offline = {
  isOnKafka: false,
  unreachable: noKafka,
  empty: noKafka,
  interrupted: atOnce,
  isQuiet: true,
} as const

/** Of a command that asks a Kafka something and ends. */
function asking(
  args: readonly string[],
): Pick<Row, 'isOnKafka' | 'unreachable' | 'interrupted' | 'closedPipe' | 'isQuiet'> {
  return {
    isOnKafka: true,
    unreachable: { args },
    interrupted: { when: 'silent', code: 130 },
    closedPipe: args,
    isQuiet: true,
  }
}

const serving = {
  documents: noDocument,
  closedPipe: { because: 'it goes on serving whoever listens to what it says' },
  isColoured: { because: 'lines of a log, which have no colours' },
} as const

export const cliMatrix: readonly Row[] = [
  {
    ...offline,
    path: 'init',
    call: { args: ['project', '--force'] },
    slip: ['--exampel', '--example'],
    wrong: { args: ['project', '--example', 'nonsense'], says: /choices/ },
    documents: { schema: 'init' },
    closedPipe: ['project', '--force'],
    isColoured: true,
  },
  {
    ...serving,
    path: 'dev',
    isOnKafka: false,
    call: { args: [wordCount, '--state-dir', 'dev-state'], until: '-> RUNNING' },
    slip: ['--partition', '--partitions'],
    wrong: { args: [wordCount, '--partitions', '0'], says: /--partitions takes a number/ },
    unreachable: { because: 'it brings its broker along' },
    empty: { because: 'it makes the topics that it needs' },
    interrupted: { when: 'at work', code: 0 },
    isQuiet: { because: 'with --quiet nothing says that it runs' },
  },
  {
    ...offline,
    path: 'describe',
    call: { args: [wordCount] },
    slip: ['--formatt', '--format'],
    wrong: { args: ['missing.ts'], says: /there is no file 'missing\.ts'/ },
    documents: { schema: 'describe' },
    closedPipe: [wordCount],
    isColoured: { because: 'byte for byte what Java prints' },
  },
  {
    ...offline,
    path: 'validate',
    call: { args: [wordCount] },
    slip: ['--max-warning', '--max-warnings'],
    wrong: { args: [wordCount, '--ignore', 'nonsense'], says: /nonsense/ },
    documents: { schema: 'validate' },
    closedPipe: [wordCount],
    isColoured: true,
  },
  {
    ...serving,
    path: 'broker',
    isOnKafka: false,
    call: { args: ['--port', '0'], until: 'listening on' },
    slip: ['--prot', '--port'],
    wrong: { args: ['--port', 'http'], says: /--port takes a number/ },
    unreachable: { because: 'it is a broker' },
    empty: { because: 'it is a broker' },
    interrupted: { when: 'at work', code: 0 },
    isQuiet: true,
  },
  {
    ...serving,
    path: 'run',
    isOnKafka: true,
    call: { args: [wordCount, '--state-dir', 'run-state'], until: '-> RUNNING' },
    slip: ['--guarante', '--guarantee'],
    wrong: { args: [wordCount, '-X', 'commitIntervall=1'], says: /did you mean 'commitIntervalMs'/ },
    unreachable: { args: [wordCount, '--state-dir', 'run-state'] },
    empty: { args: [wordCount, '--state-dir', 'run-state'], code: 4, says: /'text-lines' does not exist; create it/ },
    interrupted: { when: 'at work', code: 0 },
    isQuiet: { because: 'with --quiet nothing says that it runs' },
  },
  {
    ...asking([wordCount]),
    path: 'topics plan',
    call: { args: [wordCount] },
    slip: ['--chek', '--check'],
    wrong: { args: [wordCount, '--partitions', '0'], says: /whole number from 1/ },
    empty: { args: [wordCount], code: 0, says: /2 missing[\s\S]*--partitions/ },
    documents: { schema: 'topics-plan', rows: 'topics' },
    isColoured: true,
  },
  {
    ...asking([wordCount, '--partitions', '2']),
    path: 'topics apply',
    call: { args: [wordCount] },
    slip: ['--partition', '--partitions'],
    wrong: { args: [wordCount, '--replication-factor', 'many'], says: /whole number from 1/ },
    empty: { args: [wordCount], code: 4, says: /nothing was changed[\s\S]*--partitions/ },
    documents: { schema: 'topics-apply', rows: 'row' },
    isColoured: { because: 'there is nothing to do on the prepared cluster' },
  },
  {
    ...asking([wordCount]),
    path: 'status',
    call: { args: [wordCount] },
    slip: ['--wach', '--watch'],
    wrong: { args: [wordCount, '--watch', '-o', 'json'], says: /-o jsonl/ },
    empty: { args: [wordCount], code: 0, says: /it has not run yet/ },
    documents: { schema: 'status', rows: 'instances' },
    closedPipe: [wordCount, '--watch', '--interval', '50ms'],
    isColoured: true,
  },
  {
    ...asking([wordCount]),
    path: 'lag',
    call: { args: [wordCount] },
    slip: ['--treshold', '--threshold'],
    wrong: { args: ['word-count'], says: /write: --application-id word-count/ },
    empty: { args: [wordCount], code: 4, says: /'text-lines' does not exist; create it/ },
    documents: { schema: 'lag', rows: 'partitions' },
    closedPipe: [wordCount, '--watch', '--interval', '50ms'],
    isColoured: true,
  },
  {
    ...asking([wordCount, '--dry-run', '--keep-state']),
    path: 'reset',
    call: { args: [wordCount, '--dry-run', '--keep-state'] },
    slip: ['--dryrun', '--dry-run'],
    wrong: { args: [wordCount, '--to-latest', '--to-earliest'], says: /cannot be used with/ },
    empty: { args: [wordCount, '--dry-run'], code: 4, says: /'text-lines' does not exist; create it/ },
    documents: { schema: 'reset' },
    isColoured: true,
  },
  {
    ...asking([wordCount, '--state-dir', 'state']),
    path: 'doctor',
    call: { args: [wordCount, '--state-dir', 'state'] },
    slip: ['--state-dri', '--state-dir'],
    wrong: { args: [wordCount, '--timeout', 'soon'], says: /number with its unit/ },
    empty: {
      args: [wordCount],
      code: 3,
      says: /text-lines: it does not exist[\s\S]*to do: millrace topics plan[\s\S]*\n1 fail,/,
    },
    documents: { schema: 'doctor', rows: 'checks' },
    isColoured: true,
  },
  {
    ...asking(['text-lines']),
    path: 'send',
    call: { args: ['text-lines'], stdin: 'one line\n' },
    slip: ['--key-seperator', '--key-separator'],
    wrong: { args: ['text-lines', '--partition', 'x'], says: /--partition takes a number/ },
    empty: { args: ['nothing'], code: 4, says: /there is no topic 'nothing'/ },
    documents: noDocument,
    closedPipe: { because: 'it prints nothing on standard output' },
    isColoured: { because: 'a line about what was sent, which has no colours' },
  },
  {
    ...asking(['text-lines', '--until-end']),
    path: 'tail',
    call: { args: ['text-lines', '--until-end'] },
    slip: ['--from-begining', '--from-beginning'],
    wrong: { args: ['text-lines', '-n', 'all'], says: /-n takes a number/ },
    empty: { args: ['nothing'], code: 4, says: /there is no topic 'nothing'/ },
    documents: { because: 'with -o json it prints a line for each record, see tail.schema.json' },
    closedPipe: ['text-lines'],
    isColoured: { because: 'records, as they are' },
  },
  {
    ...asking([letters]),
    path: 'dlq ls',
    call: { args: [letters] },
    slip: ['--cod', '--code'],
    wrong: { args: [letters, '--since', 'yesterday'], says: /--since/ },
    empty: { args: ['nothing'], code: 4, says: /there is no topic 'nothing'/ },
    documents: { schema: 'dlq-ls', rows: 'groups' },
    isColoured: true,
  },
  {
    ...asking([letters]),
    path: 'dlq show',
    call: { args: [letters] },
    slip: ['--lst', '--last'],
    wrong: { args: [letters, '--last', '0'], says: /whole number from 1/ },
    empty: { args: ['nothing'], code: 4, says: /there is no topic 'nothing'/ },
    documents: { schema: 'dlq-show', rows: 'letters' },
    isColoured: true,
  },
  {
    ...asking([letters, '--dry-run']),
    path: 'dlq retry',
    call: { args: [letters, '--dry-run'] },
    slip: ['--agian', '--again'],
    wrong: { args: [letters, '--max-retries', '0'], says: /whole number from 1/ },
    empty: { args: ['nothing', '--yes'], code: 4, says: /there is no topic 'nothing'/ },
    documents: { schema: 'dlq-retry', rows: 'document' },
    isColoured: true,
  },
  {
    ...offline,
    path: 'explain',
    call: { args: ['buffer_full'] },
    slip: ['--outpt', '--output'],
    wrong: { args: ['buffer_ful'], says: /did you mean MILLRACE_BUFFER_FULL/ },
    documents: { schema: 'explain', rows: 'document' },
    closedPipe: [],
    isColoured: true,
  },
  {
    path: 'shell',
    isOnKafka: true,
    call: { args: [wordCount], stdin: 'lag\n' },
    slip: ['--keep-goin', '--keep-going'],
    wrong: { args: ['one', 'two'], says: /too many arguments/ },
    unreachable: { because: 'its lines are commands, which say so' },
    empty: { because: 'its lines are commands, which say so' },
    documents: noDocument,
    closedPipe: { because: 'its lines are commands; they are in test/integration/cli-shell.test.ts' },
    interrupted: { because: 'at a prompt and in a command: test/integration/cli-shell.test.ts' },
    isColoured: true,
    isQuiet: true,
  },
  {
    ...offline,
    path: 'config print',
    call: { args: [wordCount] },
    slip: ['--al', '--all'],
    wrong: { args: ['--profile', 'nobody'], says: /nobody/ },
    documents: { schema: 'config-print', rows: 'config' },
    closedPipe: ['--all'],
    isColoured: true,
  },
  {
    ...offline,
    path: 'completion',
    call: { args: ['bash'] },
    slip: ['--hepl', '--help'],
    wrong: { args: ['csh'], says: /choices/ },
    documents: noDocument,
    closedPipe: ['bash'],
    isColoured: { because: 'a script' },
  },
]
