export { type Files, hermeticEnv, setProcessEnv, type TempRepo, type TempRepoOptions, tempDir, tempRepo, writeFiles } from './temp.js'
export { eventually, type Sleeper, sleeper } from './processes.js'
