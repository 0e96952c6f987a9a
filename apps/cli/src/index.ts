export { EXIT } from './exit-codes.js'
export type { Io } from './io.js'
export { type Invocation, main, type Program } from './main.js'
