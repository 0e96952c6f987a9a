export { eventually, type Sleeper, sleeper } from './processes.js'
export {
  type ClientEvent,
  type ClientOptions,
  type ClientResult,
  type RunningClient,
  runClaude,
  spawnClaude,
} from './claude/client.js'
export {
  answerFirstStart,
  bypassPermissions,
  type ClientEnvOptions,
  claudePath,
  clientEnv,
  registeredClients,
  writeSettings,
} from './claude/home.js'
export type { ApiRequest } from './claude/request.js'
export { type ScriptedApi, startScriptedApi } from './claude/scripted-api.js'
export { openTerminal, type Terminal, type TerminalOptions } from './claude/terminal.js'
export {
  type Answer,
  type Failure,
  fail,
  type Gate,
  gate,
  say,
  type ToolUse,
  type Turn,
  use,
} from './claude/turns.js'
export {
  type Files,
  hermeticEnv,
  setProcessEnv,
  type TempRepo,
  type TempRepoOptions,
  tempDir,
  tempRepo,
  writeFiles,
} from './temp.js'
export { type PostgresServer, startPostgres } from './postgres.js'
