export { findGtr, type GtrCommand, gtrPath, parseGtrRecords, removeWithGtr } from './backends/gtr.js'
export { type CreatedWorktree, type CreateOptions, createWorktree } from './create.js'
export { WorktreeError, type WorktreeErrorCode, type WorktreeErrorDetails } from './errors.js'
export { ignoredFiles, uncommittedFiles, unlandedFiles } from './file-states.js'
export {
  type DiscardKind,
  type GateFacts,
  type GateInput,
  type GateVerdict,
  judgeRemoval,
  type KeepReason,
  type Refusal,
} from './gate.js'
export { resolveObject } from './git/run.js'
export {
  type InspectOptions,
  inspectTree,
  parkedOperation,
  type TreeOperation,
  type TreeState,
} from './inspect.js'
export { inspectTrees } from './inspect-many.js'
export { type LandedAnswer, type LandedMethod, landedStates } from './landed.js'
export { listWorktrees, type WorktreeEntry } from './list.js'
export { worktreesDirOf } from './locations.js'
export { type Marker, readMarker, writeMarker } from './marker.js'
export { checkName, slugOf } from './names.js'
export { type CreatePlan, type CreateRequest, planCreate } from './plan-create.js'
export { type PurgeOptions, type PurgeReport, purgeTrash } from './purge.js'
export {
  listRemovals,
  RESTORE_FAULT_POINTS,
  type RemovalRecord,
  type RestoredTree,
  readRemovals,
  restoreRemoval,
} from './removals.js'
export { REMOVE_FAULT_POINTS, type RemoveOptions, type RemoveOutcome, removeWorktree } from './remove.js'
export { type RepairOptions, type RepairReport, repairCreations } from './repair-creations.js'
export { type RemovalRepair, repairRemovals } from './repair-removals.js'
export { type GitVersion, gitVersion, openRepo, type Repo } from './repo.js'
export type { CreationOwner, WorktreeBackend } from './reservations.js'
export { defaultBranch } from './target.js'
export type { RemovalActor, RemovalOwner } from './trash/lock.js'
export type { BrokenRemoval } from './trash/manifest.js'
