/** Everything that the command may use of the server, one name each. */
export { loadSettings, SETTINGS, type Settings } from './config/settings.ts'
