/**
 * What a reader, a writer or a field's codec throws; `codec.ts` turns it into a ProtocolError that also names message,
 * version and field. It never leaves this folder.
 */
export class WireFault extends Error {}
