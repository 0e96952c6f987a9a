/* A door of its own: only the hooks around a tool call load what judges edits, and they do so when one comes. */
export { type AfterEditInput, type AfterEditResult, afterEdit } from './use-cases/after-edit.js'
export {
  type CheckEditDeps,
  type CheckEditInput,
  checkEdit,
  type EditVerdict,
} from './use-cases/check-edit.js'
