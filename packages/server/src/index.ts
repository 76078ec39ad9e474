/** Everything that the command may use of the server, one name each. */
export { loadSettings, SETTINGS, type Settings } from './config/settings.ts'
export { isServerError, SERVER_ERRORS, ServerError } from './errors.ts'
export type { LocalAgentProcess, LocalAgentProgram, LocalEntrance } from './features/setup/local-agent.ts'
export { type LocalMachine, type OwnRepository, ownRepositoryFiles } from './local-machine.ts'
export { type RunningServer, startServer } from './server.ts'
