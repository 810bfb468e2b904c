/** `millrace init [directory]`: a new project. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { exampleNames } from '../init/examples.ts'
import type { InitOptions } from '../init/init.ts'
import { examples, outputOption } from '../options.ts'

export function define(command: Command): void {
  command
    .description(
      'write a new project: a topology, tests, configuration, Dockerfile, compose file, Kubernetes manifests and CI. Overwrites nothing, and needs no network.',
    )
    .argument('[directory]', 'where; made if need be', '.')
    .option('--name <name>', "of package, application and image (default: the directory's)")
    .addOption(new Option('--example <name>', 'what to begin with').choices(exampleNames).default(exampleNames[0]))
    .addOption(new Option('--tests <runner>', 'what runs the tests').choices(['node', 'vitest']).default('node'))
    .option(
      '--millrace <spec>',
      'what package.json asks for: a version, or a tarball, which is copied (default: this version)',
    )
    .option('--force', 'overwrite files')
  outputOption(command, ['text', 'json']).action(async (directory: string) => {
    const { initCommand } = await import('../init/init.ts')
    await initCommand(directory, command.optsWithGlobals<InitOptions>())
  })
  examples(
    command,
    'millrace init my-application',
    'millrace init . --name page-ranking --example top-pages --tests vitest',
    'npx millrace init my-application && cd my-application && npm install && npm test',
  )
}
