/** What has a meaning of its own in some pattern or other. */
const SPECIAL = /[*?[\]{}\\!@+()]/

/**
 * Those globs that can mean one of these paths, as far as their beginnings tell, up to the first special character. What a glob means
 * is not known here: a caller asks that of what is left.
 */
export function globsNear(globs: readonly string[], paths: readonly string[]): string[] {
  return globs.filter((glob) => {
    const special = glob.search(SPECIAL)
    const start = special === -1 ? glob : glob.slice(0, special)
    return paths.some((path) => path.startsWith(start))
  })
}
