/** `millrace completion <shell>`: a script that completes commands, options, their choices, and files. */
import { Argument } from 'commander'
import type { Command } from 'commander'
import { examples } from '../options.ts'

export function define(command: Command, program: () => Promise<Command>): void {
  command
    .addArgument(new Argument('<shell>', 'which').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionCommand } = await import('../completion.ts')
      await completionCommand(shell, await program())
    })
  examples(
    command,
    'source <(millrace completion bash)                                       # in ~/.bashrc',
    'millrace completion zsh > "${fpath[1]}/_millrace"                        # then start a new shell',
    'millrace completion fish > ~/.config/fish/completions/millrace.fish',
  )
}
