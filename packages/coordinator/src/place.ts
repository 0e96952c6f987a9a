import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where the state is kept. */
export interface Place {
  /** The state folder: `PARALLEL_CC_HOME`, else `~/.parallel-cc`. */
  home: string
  databaseFile: string
  /** Set when `PARALLEL_CC_DATABASE_URL` puts the tables on a PostgreSQL server. */
  databaseUrl: string | undefined
  configFile: string
  logFolder: string
}

/** Reads the places from the environment. */
export function placeOf(env: NodeJS.ProcessEnv): Place {
  const given = env['PARALLEL_CC_HOME']
  const home = given !== undefined && given !== '' ? given : join(homeFolder(env), '.parallel-cc')
  const url = env['PARALLEL_CC_DATABASE_URL']
  return {
    home,
    databaseFile: join(home, 'coordinator.db'),
    databaseUrl: url === undefined || url === '' ? undefined : url,
    configFile: join(home, 'config.json'),
    logFolder: join(home, 'logs'),
  }
}

function homeFolder(env: NodeJS.ProcessEnv): string {
  const home = env['HOME']
  return home !== undefined && home !== '' ? home : homedir()
}
