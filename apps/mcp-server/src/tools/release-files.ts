import { releasePaths } from '@pcc/coordinator/hot'
import { z } from 'zod'
import { NOTES, type Tool, tool } from './tool.js'
import { claimView, files } from './views.js'

/** Gives up a hold. */
export const releaseFiles: Tool = tool({
  name: 'release_files',
  title: 'Release claimed files',
  description: `Gives up your claims on these files, as they were claimed; a glob is released by the same glob.
Use it as soon as you are done with files that you claimed, so that others can go on. Not needed at the end of the session.
Only your own claims can be released. released lists what you held: an empty list means that you held none of them, and nothing needs to be done.`,
  input: z.strictObject({ files }),
  output: z.object({ released: z.array(claimView) }),
  annotations: NOTES,
  run: ({ use, directory, pid }, input) =>
    use((deps) => releasePaths(deps, { directory, pid, paths: input.files })),
})
