const last = new Map<string, Promise<unknown>>()

/**
 * Lets the write transactions of this process on one file run one after the other, whichever connections they use. Waiting for
 * SQLite's lock stops the whole process, so a transaction that waited for another of the same process would wait in vain.
 */
export function takeTurn<T>(file: string, work: () => Promise<T>): Promise<T> {
  const mine = (last.get(file) ?? Promise.resolve()).then(work)
  const over = mine.then(forget, forget)
  last.set(file, over)
  return mine

  function forget(): void {
    if (last.get(file) === over) last.delete(file)
  }
}
