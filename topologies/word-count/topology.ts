/** The ten lines that README.md of the project begins with. */
export { default } from '../word-count.ts'
