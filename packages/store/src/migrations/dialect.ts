/** Which database a migration is written for; most statements are the same for both. */
export type DialectName = 'sqlite' | 'postgres'
