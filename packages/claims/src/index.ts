export { type AskedClaim, type ClaimAsk, claimsNear, type Taken, takeClaims } from './claims.js'
export { type Clash, clashOf } from './compatibility.js'
export { type AskedPath, type Conflict, findConflicts, isExpired } from './conflicts.js'
export { ClaimsError, type ClaimsErrorCode } from './errors.js'
export {
  type ClaimPath,
  type FoldProbe,
  type ParseInput,
  type Placed,
  type PlaceInput,
  parseClaimPath,
  placePath,
} from './paths.js'
export { claimCovers, folderPattern, globsOverlap, pathsMeet } from './patterns.js'
