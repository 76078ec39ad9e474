import { defineMessages, plural } from '../../app/language.tsx'

/** What is said about commands around a backup. */
export const hooksMessages = defineMessages({
  en: {
    pre: 'Before the backup',
    preHelp: 'If one fails, the backup does not happen.',
    post: 'After a backup that succeeded',
    postHelp: 'To start again what was stopped, for example.',
    onFailure: 'After a run that failed',
    onFailureHelp: 'To start again what was stopped, or to tell somebody.',
    add: 'Add a command',
    addTo: (place: string) => `Add a command: ${place}`,
    command: (number: number) => `Command ${number}`,
    seconds: 'Seconds at most',
    remove: (number: number) => `Remove command ${number}`,
    up: (number: number) => `Move command ${number} up`,
    none: 'No commands.',
    shell: 'Commands run in the shell of the agent’s machine, one after the other, if its owner allows it.',
    count: (count: number) => (count === 0 ? 'none' : plural(count, 'command', 'commands')),
  },
  ja: {
    pre: 'バックアップの前',
    preHelp: '1 つでも失敗すると、バックアップは行われません。',
    post: 'バックアップが成功した後',
    postHelp: '停止したものを再開する場合などに使います。',
    onFailure: '実行が失敗した後',
    onFailureHelp: '停止したものを再開したり、通知したりする場合に使います。',
    add: 'コマンドを追加',
    addTo: (place: string) => `コマンドを追加: ${place}`,
    command: (number: number) => `コマンド ${number}`,
    seconds: '最大秒数',
    remove: (number: number) => `コマンド ${number} を削除`,
    up: (number: number) => `コマンド ${number} を上へ`,
    none: 'コマンドはありません。',
    shell: 'コマンドは、エージェントのマシンの所有者が許可している場合に、そのシェルで順に実行されます。',
    count: (count: number) => (count === 0 ? 'なし' : `${count.toLocaleString('ja')} 個のコマンド`),
  },
})
