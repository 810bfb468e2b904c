/** What `millrace describe --format` takes; apart, so that help does not load what describes. */
export const describeFormats = ['text', 'json', 'mermaid', 'dot', 'svg', 'html'] as const

export type DescribeFormat = (typeof describeFormats)[number]
