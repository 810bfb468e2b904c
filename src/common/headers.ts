/** Ordered; names may repeat, as in Kafka. */
export type Header = readonly [name: string, value: Uint8Array | null]
export type Headers = readonly Header[]

export const noHeaders: Headers = Object.freeze([])
