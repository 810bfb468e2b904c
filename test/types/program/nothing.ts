/** The library alone: what the compiler makes for it is not the program's. */
export * from '../../../src/index.ts'
