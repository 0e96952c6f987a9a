import { WorktreeError } from './errors.js'

const MAX_SLUG_BYTES = 60
const MAX_NAME_CHARACTERS = 100
// direction marks and separators forge what a terminal shows; the two joiners are part of writing
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Zl}\p{Zp}\p{Cf}\p{Cs}]/gu

function cutToBytes(text: string, limit: number): string {
  let bytes = 0
  let kept = ''
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > limit) break
    kept += character
  }
  return kept
}

/**
 * What a name is called as a branch, a folder and a journal file: lower case, letters and digits of any script, words joined by a
 * single `-`, at most 60 bytes. `null` when nothing is left of it.
 */
export function slugOf(name: string): string | null {
  const folded = name.normalize('NFC').toLowerCase().normalize('NFC')
  const words = folded
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, '-')
    // a combining mark needs a letter to stand on
    .replace(/(^|-)\p{M}+/gu, '$1')
    .replace(/-+/g, '-')
    .replace(/^-/, '')
  const slug = cutToBytes(words, MAX_SLUG_BYTES).normalize('NFC').replace(/-+$/, '')
  return slug === '' ? null : slug
}

function badName(name: string, why: string): WorktreeError {
  const shown = JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name).replace(
    INVISIBLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return new WorktreeError('WORKTREE_BAD_NAME', `${shown} cannot be a name: ${why}`, {
    hint: 'Use letters, digits, spaces and dashes, for instance --name login-form.',
    data: { name: name.slice(0, 200) },
  })
}

/**
 * A name that a person gave, trimmed.
 *
 * @throws WorktreeError `WORKTREE_BAD_NAME` when it is empty, longer than 100 characters, begins with `-`, holds a control character,
 * has no letter or digit, or would be a branch called `head`.
 */
export function checkName(name: string): string {
  const trimmed = name.trim()
  if (trimmed === '') throw badName(name, 'it is empty')
  if (trimmed.search(INVISIBLE) !== -1) throw badName(name, 'it holds a control character')
  if (trimmed.startsWith('-')) throw badName(name, 'it begins with a dash, as an option does')
  if ([...trimmed].length > MAX_NAME_CHARACTERS) throw badName(name, 'it is longer than 100 characters')
  const slug = slugOf(trimmed)
  if (slug === null) throw badName(name, 'it has no letter or digit')
  // on a disk that ignores case the branch could not be told from HEAD
  if (slug === 'head') throw badName(name, 'git would take the branch for HEAD')
  return trimmed
}
