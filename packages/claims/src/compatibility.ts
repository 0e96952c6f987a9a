import type { ClaimMode } from '@pcc/store/hot'

/** What a held claim does to what another session wants: nothing, a warning, or a no. */
export type Clash = 'none' | 'warns' | 'blocks'

const CLASHES: Readonly<Record<ClaimMode, Readonly<Record<ClaimMode | 'edit', Clash>>>> = {
  exclusive: { exclusive: 'blocks', advisory: 'blocks', edit: 'blocks' },
  advisory: { exclusive: 'blocks', advisory: 'none', edit: 'warns' },
}

/** What a claim held by one session means for a claim or an edit of another. */
export function clashOf(held: ClaimMode, asked: ClaimMode | 'edit'): Clash {
  return CLASHES[held][asked]
}
