export { type PostgresServer, startPostgres } from './postgres.js'
export { type Files, hermeticEnv, setProcessEnv, type TempRepo, type TempRepoOptions, tempDir, tempRepo, writeFiles } from './temp.js'
