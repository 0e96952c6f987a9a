import type { CreatePlan } from '../plan-create.js'

/** What one creation has made so far, so that undoing takes that and nothing else. */
export interface Made {
  branch: boolean
  /** The tree's folder. */
  folder: boolean
  /** The first folder above the tree that had to be made. */
  parents?: string | null
}

/** The two ways to make a worktree. */
export interface CreationBackend {
  /** Makes branch and tree, noting each in `made`; returns the real path of the tree. */
  create(plan: CreatePlan, made: Made): Promise<string>
  /** Takes back what `made` lists; returns what had to stay. */
  undo(plan: CreatePlan, made: Made): Promise<string[]>
}
