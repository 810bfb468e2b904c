/**
 * Completion scripts of a program with every kind of option, and with texts that quotes, brackets and colours could break.
 * Neither zsh nor fish is needed: what they are given is quoted as bash quotes, so bash runs it, with their functions
 * replaced by ones that print their arguments.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Command, Option } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completed, completionCommand } from '../../../src/cli/completion.ts'
import { Child } from '../../support/child-process.ts'
import { printed } from '../../support/standard-output.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-completion-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function program(): Command {
  const root = new Command('millrace').version('1.0.0').option('-q, --quiet', "say nothing but what's wrong")
  root.addOption(new Option('--internal', 'not for people').hideHelp())
  const send = root.command('send').summary("write a topic's records: [all]").argument('<topic>')
  send.option('-k, --key-separator <text>', "what's between [key] and value: a colon").option('--limit [n]', 'at most')
  send.addOption(new Option('-c, --codec <name>', 'how').choices(['none', 'zstd']))
  const dlq = root.command('dead-letters').summary('look after letters')
  dlq.command('ls').summary('list them').option('--all', 'all')
  return root
}

function script(shell: 'bash' | 'zsh' | 'fish', of: Command = program()): Promise<string> {
  return printed(() => completionCommand(shell, of))
}

/** What it prints, line by line. */
async function inBash(text: string, ...args: readonly string[]): Promise<string[]> {
  const file = path.join(folder, 'script')
  writeFileSync(file, text)
  await using child = Child.program('bash', [file, ...args], { cwd: folder })
  const { stdout, stderr } = await child.finished
  expect(stderr).toBe('')
  return stdout.trimEnd().split('\n')
}

describe('What is completed', () => {
  it('is what the commands define: global options everywhere, hidden ones nowhere, the version at the top', () => {
    const all = completed(program())
    const flags = (at: string): readonly (readonly string[])[] =>
      all.find(({ path: words }) => words.join(' ') === at)?.options.map((option) => option.flags) ?? []
    expect(all.map(({ path: words }) => words.join(' '))).toEqual(['', 'send', 'dead-letters', 'dead-letters ls'])
    expect(flags('')).toEqual([
      ['-V', '--version'],
      ['-q', '--quiet'],
      ['-h', '--help'],
    ])
    expect(flags('dead-letters ls')).toEqual([['--all'], ['-q', '--quiet'], ['--internal'], ['-h', '--help']])
    expect(all[1]?.options.map(({ takesValue }) => takesValue)).toEqual([true, true, true, false, false, false])
  })
})

describe('Completion in bash', () => {
  const complete = async (...words: readonly string[]): Promise<string[]> =>
    inBash(
      `${await script('bash')}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`,
      'millrace',
      ...words,
    )

  it('knows choices of an option by both of its names, in its command only', async () => {
    expect(await complete('send', '--codec', '')).toEqual(['none', 'zstd'])
    expect(await complete('send', '-c', 'z')).toEqual(['zstd'])
    expect(await complete('dead-letters', 'ls', '-')).toEqual(['--all', '-q', '--quiet', '--internal', '-h', '--help'])
  })

  it('completes files, as such', async () => {
    expect(await complete('send', 'scri')).toEqual(['script'])
    expect(await script('bash')).toMatch(/\ncomplete -o filenames -F _millrace millrace\n$/)
  })
})

describe('Completion in zsh', () => {
  const functions = `_arguments() { [ "$1" != -C ] || state=command; printf '%s\\n' "$@"; }
_describe() { printf '%s\\n' "$1 $2" "\${commands[@]}"; }
`

  it('describes commands and dispatches to their functions', async () => {
    const zsh = await script('zsh')
    expect(zsh).toMatch(/^#compdef millrace\n/)
    expect(await inBash(`${functions}${zsh}`)).toEqual([
      '-C',
      '-V[output the version number]',
      '--version[output the version number]',
      "-q[say nothing but what's wrong]",
      "--quiet[say nothing but what's wrong]",
      '-h[what it takes]',
      '--help[what it takes]',
      '1:command:->command',
      '*::argument:->argument',
      'command commands',
      "send:write a topic's records: [all]",
      'dead-letters:look after letters',
    ])
    expect(zsh).toContain('\n        dead-letters) _millrace_dead_letters ;;\n')
    expect(zsh).toContain('\n        ls) _millrace_dead_letters_ls ;;\n')
    expect(zsh).toContain('\n_millrace_dead_letters_ls() {\n')
  })

  it('has values and texts that its own syntax does not take for something else', async () => {
    const specs = await inBash(
      `${functions}${(await script('zsh')).replace('\n_millrace "$@"\n', '\n_millrace_send\n')}`,
    )
    expect(specs).toEqual(
      expect.arrayContaining([
        "-k[what's between  key  and value  a colon]:value:_files",
        '--limit[at most]:value:_files',
        '--codec[how]:value:(none zstd)',
        "--quiet[say nothing but what's wrong]",
        '*:file:_files',
      ]),
    )
  })
})

describe('Completion in fish', () => {
  it('offers each command and option under its conditions', async () => {
    const lines = await inBash(`complete() { printf '<%s>' "$@"; echo; }\n${await script('fish')}`)
    const first = '<-c><millrace><-n><not __fish_seen_subcommand_from send dead-letters>'
    expect(lines).toContain(`${first}<-f><-a><send><-d><write a topic's records: [all]>`)
    expect(lines).toContain(`${first}<-s><q><-l><quiet><-d><say nothing but what's wrong>`)
    const send = '<-c><millrace><-n><__fish_seen_subcommand_from send>'
    expect(lines).toContain(`${send}<-s><c><-l><codec><-x><-a><none zstd><-d><how>`)
    expect(lines).toContain(`${send}<-l><limit><-r><-d><at most>`)
    const inner = '<__fish_seen_subcommand_from dead-letters; and not __fish_seen_subcommand_from ls>'
    expect(lines).toContain(`<-c><millrace><-n>${inner}<-f><-a><ls><-d><list them>`)
    const ls = '<__fish_seen_subcommand_from dead-letters; and __fish_seen_subcommand_from ls>'
    expect(lines).toContain(`<-c><millrace><-n>${ls}<-l><all><-d><all>`)
  })

  it('has no condition for a program without commands', async () => {
    const lone = new Command('millrace').option('--all', 'all')
    expect(await script('fish', lone)).toContain("\ncomplete -c millrace -n 'true' -l all -d 'all'\n")
  })
})
