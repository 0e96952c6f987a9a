import { checkConflicts } from './check-conflicts.js'
import { claimFiles } from './claim-files.js'
import { getMySession } from './get-my-session.js'
import { getParallelStatus } from './get-parallel-status.js'
import { listClaims } from './list-claims.js'
import { readMessages } from './read-messages.js'
import { releaseFiles } from './release-files.js'
import { sendMessage } from './send-message.js'
import type { Tool } from './tool.js'

/** The tools that the model is shown. */
export const TOOLS: readonly Tool[] = [
  getParallelStatus,
  getMySession,
  claimFiles,
  checkConflicts,
  releaseFiles,
  listClaims,
  sendMessage,
  readMessages,
]
