import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import type { StoreError } from '../errors.js'

/** Makes a connection throw this room's errors, whatever query builder stands before it. */
export function translating<C extends DatabaseConnection>(
  connection: C,
  translate: (error: unknown) => StoreError,
): C {
  const execute = connection.executeQuery.bind(connection)
  connection.executeQuery = async <R>(query: CompiledQuery): Promise<QueryResult<R>> => {
    try {
      return await execute<R>(query)
    } catch (error) {
      throw translate(error)
    }
  }
  return connection
}
