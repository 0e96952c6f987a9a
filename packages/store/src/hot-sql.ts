import type { Raw, Statement } from './dialects/sqlite-file.js'

/** SQL written by hand on one connection. */
export interface Sql {
  one<R>(text: string, ...values: unknown[]): R | undefined
  all<R>(text: string, ...values: unknown[]): R[]
  /** Returns how many rows were changed. */
  change(text: string, ...values: unknown[]): number
}

/** Each text is compiled at its first use: most processes use two or three. */
export function lazySql(raw: Raw): Sql {
  const compiled = new Map<string, Statement>()
  const statement = (text: string): Statement => {
    const known = compiled.get(text) ?? raw.prepare<unknown[]>(text)
    compiled.set(text, known)
    return known
  }
  return {
    one: <R>(text: string, ...values: unknown[]) => statement(text).get(...values) as R | undefined,
    all: <R>(text: string, ...values: unknown[]) => statement(text).all(...values) as R[],
    change: (text, ...values) => statement(text).run(...values).changes,
  }
}

/** Inserts a row by the names of its fields. */
export function insert(sql: Sql, table: string, row: object): void {
  const columns = Object.keys(row)
  const marks = columns.map(() => '?').join(', ')
  sql.change(`insert into ${table} (${columns.join(', ')}) values (${marks})`, ...Object.values(row))
}
