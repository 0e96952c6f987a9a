export type { HookIo } from './hook-io.js'
export { EVENT_NAMES, main } from './main.js'
