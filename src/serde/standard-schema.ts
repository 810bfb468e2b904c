/** The part of the Standard Schema interface (standardschema.dev) that serdes use; zod, valibot, arktype have it. */
export interface StandardSchema<T> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => unknown
    readonly types?: { readonly input: unknown; readonly output: T } | undefined
  }
}
