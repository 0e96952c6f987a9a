import { createHash } from 'node:crypto'

const HEADER = 12
/** What stands before the object id in an entry: times, device, inode, mode, owner, size. */
const BEFORE_ID = 40
const ASSUME_UNCHANGED = 0x80
/** Set where an entry has the second pair of flags, among them `skip-worktree`. */
const EXTENDED = 0x40
const NAME_LENGTH = 0xfff
const NUL = 0

/** Where the entry that begins at `at` ends; `null` when it hides its file from git, or is cut off. */
function nextEntry(index: Buffer, at: number, idLength: number): number | null {
  const flagsAt = at + BEFORE_ID + idLength
  if (flagsAt + 2 > index.length) return null
  const flags = index[flagsAt] as number
  if ((flags & (ASSUME_UNCHANGED | EXTENDED)) !== 0) return null
  const nameAt = flagsAt + 2
  const told = ((flags << 8) | (index[flagsAt + 1] as number)) & NAME_LENGTH
  const end = told < NAME_LENGTH ? nameAt + told : index.indexOf(NUL, nameAt)
  // entries are filled up to a multiple of eight bytes, with one NUL at least
  return end === -1 ? null : at + ((end - at + 8) & ~7)
}

function isPlain(index: Buffer, idLength: 20 | 32): boolean {
  let at = HEADER
  for (let left = index.readUInt32BE(8); left > 0; left -= 1) {
    const next = nextEntry(index, at, idLength)
    if (next === null || next > index.length) return false
    at = next
  }
  const end = index.length - idLength
  while (at + 8 <= end) {
    // the entries of a split index are in another file
    if (index.toString('latin1', at, at + 4) === 'link') return false
    at += 8 + index.readUInt32BE(at + 4)
  }
  return at === end && isWhole(index, idLength)
}

/** The file ends with the hash of what stands before it, or with zeros where `index.skipHash` is set. */
function isWhole(index: Buffer, idLength: 20 | 32): boolean {
  const told = index.subarray(-idLength)
  if (told.every((byte) => byte === 0)) return true
  const hash = createHash(idLength === 20 ? 'sha1' : 'sha256')
  return hash.update(index.subarray(0, -idLength)).digest().equals(told)
}

/**
 * Says whether an index (the content of the file) may tell git not to look at some file: `assume-unchanged`, `skip-worktree`. `false` is
 * certain; `true` also stands for every index of a form that is not read here (compressed names, split, damaged).
 */
export function mayHideFiles(index: Buffer): boolean {
  if (index.length < HEADER || index.toString('latin1', 0, 4) !== 'DIRC') return true
  const version = index.readUInt32BE(4)
  if (version !== 2 && version !== 3) return true
  // ids of SHA-1, else of SHA-256: with the wrong one the parts do not add up to the file's length
  return !isPlain(index, 20) && !isPlain(index, 32)
}
