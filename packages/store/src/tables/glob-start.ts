/** What has a meaning of its own in some pattern or other. */
const SPECIAL = /[*?[\]{}\\!@+()]/

/**
 * Those globs that can mean one of these paths, or one that begins with one of these texts, as far as their own beginnings tell, up to the
 * first special character. What a glob means is not known here: a caller asks that of what is left.
 */
export function globsNear(
  globs: readonly string[],
  paths: readonly string[],
  prefixes: readonly string[],
): string[] {
  return globs.filter((glob) => {
    const special = glob.search(SPECIAL)
    const start = special === -1 ? glob : glob.slice(0, special)
    return (
      paths.some((path) => path.startsWith(start)) ||
      prefixes.some((prefix) => prefix.startsWith(start) || start.startsWith(prefix))
    )
  })
}
