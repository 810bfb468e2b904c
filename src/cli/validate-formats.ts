/** What `millrace validate --format` takes; apart, so that help does not load what validates. */
export const validateFormats = ['text', 'json', 'github', 'sarif'] as const

export type ValidateFormat = (typeof validateFormats)[number]
