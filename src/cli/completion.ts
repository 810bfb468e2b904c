/** Completion scripts, made of the definitions of all commands, so that they cannot say anything else. */
import type { Command, Option } from 'commander'
import { print } from './terminal.ts'

export interface Completed {
  /** `['config', 'print']`; empty for the program. */
  readonly path: readonly string[]
  readonly summary: string
  readonly options: readonly CompletedOption[]
  readonly children: readonly { readonly name: string; readonly summary: string }[]
}

export interface CompletedOption {
  readonly flags: readonly string[]
  readonly description: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
}

export async function completionCommand(shell: 'bash' | 'zsh' | 'fish', program: Command): Promise<void> {
  await print({ bash, zsh, fish }[shell](completed(program)))
}

/** The program and every command in it. */
export function completed(command: Command, path: readonly string[] = []): Completed[] {
  const inherited = path.length === 0 ? [] : globalOptions(command)
  const help = { flags: ['-h', '--help'], description: 'what it takes', takesValue: false, choices: [] }
  const own = {
    path,
    summary: command.summary() || command.description(),
    options: [...command.options.filter(({ hidden }) => !hidden).map(optionOf), ...inherited, help],
    children: command.commands.map((child) => ({ name: child.name(), summary: child.summary() })),
  }
  return [own, ...command.commands.flatMap((child) => completed(child, [...path, child.name()]))]
}

function globalOptions(command: Command): CompletedOption[] {
  let root = command
  while (root.parent !== null) root = root.parent
  return root.options.filter(({ long }) => long !== '--version').map(optionOf)
}

function optionOf(option: Option): CompletedOption {
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
  }
}

// --- bash -----------------------------------------------------------------------------------------------------------

function bash(all: readonly Completed[]): string {
  const words = all.map(({ path, options, children }) => {
    const candidates = [...children.map(({ name }) => name), ...options.flatMap(({ flags }) => flags)]
    return `    ${quoted(path.join(' '))}) words=${quoted(candidates.join(' '))} ;;`
  })
  const choices = all.flatMap(({ path, options }) =>
    options
      .filter((option) => option.choices.length > 0)
      .map(({ flags, choices: values }) => {
        const patterns = flags.map((flag) => quoted(`${path.join(' ')}:${flag}`)).join('|')
        return `    ${patterns}) COMPREPLY=($(compgen -W ${quoted(values.join(' '))} -- "$word")); return ;;`
      }),
  )
  return `# bash completion of millrace; source it, or put it into /etc/bash_completion.d
_millrace() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" path="" candidate words="" at
  for ((at = 1; at < COMP_CWORD; at++)); do
    candidate="\${path:+$path }\${COMP_WORDS[at]}"
    case "$candidate" in
      ${commandPatterns(all)}) path="$candidate" ;;
    esac
  done
  case "$path:$before" in
${choices.join('\n')}
  esac
  case "$path" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$word"))
}
complete -o filenames -F _millrace millrace
`
}

function commandPatterns(all: readonly Completed[]): string {
  const paths = all.filter(({ path }) => path.length > 0).map(({ path }) => quoted(path.join(' ')))
  return paths.join('|')
}

// --- zsh ------------------------------------------------------------------------------------------------------------

function zsh(all: readonly Completed[]): string {
  const functions = all.map((one) => {
    const specs = one.options.flatMap((option) => zshOption(option))
    const name = functionName(one.path)
    if (one.children.length === 0)
      return `${name}() {\n  _arguments ${[...specs, quoted('*:file:_files')].join(' ')}\n}`
    const described = one.children.map(({ name: child, summary }) => quoted(`${child}:${summary}`))
    const cases = one.children.map(({ name: child }) => `        ${child}) ${functionName([...one.path, child])} ;;`)
    return `${name}() {
  local state line
  _arguments -C ${[...specs, quoted('1:command:->command'), quoted('*::argument:->argument')].join(' ')}
  case $state in
    command)
      local -a commands=(${described.join(' ')})
      _describe command commands ;;
    argument)
      case $line[1] in
${cases.join('\n')}
      esac ;;
  esac
}`
  })
  return `#compdef millrace\n# zsh completion of millrace\n${functions.join('\n')}\n_millrace "$@"\n`
}

function functionName(path: readonly string[]): string {
  return ['_millrace', ...path].join('_').replaceAll('-', '_')
}

function zshOption({ flags, description, takesValue, choices }: CompletedOption): string[] {
  const text = description.replaceAll(/[[\]:]/g, ' ')
  const value = choices.length > 0 ? `:value:(${choices.join(' ')})` : takesValue ? ':value:_files' : ''
  return flags.map((flag) => quoted(`${flag}[${text}]${value}`))
}

// --- fish -----------------------------------------------------------------------------------------------------------

function fish(all: readonly Completed[]): string {
  const lines = all.flatMap((one) => [
    ...one.children.map(
      ({ name, summary }) =>
        `complete -c millrace -n ${quoted(fishCondition(one))} -f -a ${name} -d ${quoted(summary)}`,
    ),
    ...one.options.map((option) => `complete -c millrace -n ${quoted(fishCondition(one))} ${fishOption(option)}`),
  ])
  return `# fish completion of millrace\n${lines.join('\n')}\n`
}

function fishCondition({ path, children }: Completed): string {
  const names = children.map(({ name }) => name).join(' ')
  const inside = path.map((name) => `__fish_seen_subcommand_from ${name}`)
  const notDeeper = names === '' ? [] : [`not __fish_seen_subcommand_from ${names}`]
  return [...inside, ...notDeeper].join('; and ') || 'true'
}

function fishOption({ flags, description, takesValue, choices }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
  const value = choices.length > 0 ? [`-x -a ${quoted(choices.join(' '))}`] : takesValue ? ['-r'] : []
  return [...names, ...value, `-d ${quoted(description)}`].join(' ')
}

/** For a shell: fish escapes the quote with a backslash too, and none of our texts has a backslash. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
