import { listClaims as claimsOf, mySession } from '@pcc/coordinator/hot'
import { z } from 'zod'
import { LOOKS, type Tool, tool } from './tool.js'
import { claimView, shownClaim } from './views.js'

/** All claims of the repository. */
export const listClaims: Tool = tool({
  name: 'list_claims',
  title: 'All claims in this repository',
  description: `Lists all claims on files of this repository, yours (isMine) and those of others.
Use it to see what you still hold, or what is going on as a whole. Not for a question about certain files: check_conflicts answers that, globs included.
An empty list: nobody holds anything.`,
  input: z.strictObject({}),
  output: z.object({ claims: z.array(claimView.extend({ isMine: z.boolean() })) }),
  annotations: LOOKS,
  run: ({ use, directory, pid }) =>
    use(async (deps) => {
      const { claims } = await claimsOf(deps, { directory })
      const me = (await mySession(deps, { directory, pid }))?.sessionId
      return { claims: claims.map((claim) => ({ ...shownClaim(claim), isMine: claim.sessionId === me })) }
    }),
})
