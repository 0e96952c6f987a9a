export { findGtr, type GtrCommand, gtrPath, parseGtrRecords, removeWithGtr } from './backends/gtr.js'
export { type CreatedWorktree, type CreateOptions, createWorktree } from './create.js'
export { WorktreeError, type WorktreeErrorCode, type WorktreeErrorDetails } from './errors.js'
export {
  type InspectOptions,
  inspectTree,
  parkedOperation,
  type TreeOperation,
  type TreeState,
} from './inspect.js'
export { listWorktrees, type WorktreeEntry } from './list.js'
export { worktreesDirOf } from './locations.js'
export { type Marker, readMarker, writeMarker } from './marker.js'
export { checkName, slugOf } from './names.js'
export { type CreatePlan, type CreateRequest, planCreate } from './plan-create.js'
export { type RepairOptions, type RepairReport, repairCreations } from './repair-creations.js'
export { type GitVersion, gitVersion, openRepo, type Repo } from './repo.js'
export type { CreationOwner, WorktreeBackend } from './reservations.js'
