export { WorktreeError, type WorktreeErrorCode, type WorktreeErrorDetails } from './errors.js'
export {
  type InspectOptions,
  inspectTree,
  parkedOperation,
  type TreeOperation,
  type TreeState,
} from './inspect.js'
export { listWorktrees, type WorktreeEntry } from './list.js'
export { type Marker, readMarker, writeMarker } from './marker.js'
export { type GitVersion, gitVersion, openRepo, type Repo } from './repo.js'
