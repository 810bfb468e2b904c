import { nothing } from './there-is-no-such-file.mjs'

export default nothing
