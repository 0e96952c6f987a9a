/** Databases limit the parameters of a statement; a long list is asked in parts of this size. */
const CHUNK = 500

/** Asks for a list of any length in several statements and joins the answers. An empty list asks nothing. */
export async function inChunks<K, R>(
  keys: readonly K[],
  ask: (part: readonly K[]) => Promise<R[]>,
): Promise<R[]> {
  const found: R[] = []
  for (let at = 0; at < keys.length; at += CHUNK) found.push(...(await ask(keys.slice(at, at + CHUNK))))
  return found
}
