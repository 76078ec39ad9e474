import { defineMessages } from '../../app/language.tsx'

type Allowed = 'deny' | 'listed' | 'allow'

/** What is said of what the owner of a machine allows the server. */
export const policyMessages = defineMessages({
  en: {
    commands: 'Commands of the server',
    commandsAre: (allowed: Allowed) => ({ deny: 'refused', listed: 'only those that its policy names', allow: 'allowed' })[allowed],
    restores: 'Restores by the server',
    restoresAre: (allowed: Allowed) => ({ deny: 'refused', listed: 'only to certain folders', allow: 'allowed, to everywhere' })[allowed],
    commandsRefused: 'This machine carries out no commands of the server',
    commandsRefusedHint: 'A backup with commands fails there until whoever runs the machine allows them:',
    commandsListed: 'This machine carries out only commands that its policy names',
    commandsListedHint: 'A backup with others fails there. Each line has to stand there as it does here, or fit a pattern:',
    restoresRefused: 'This machine takes no restores from the server',
    restoresRefusedHint: 'The restore would fail until whoever runs the machine allows it:',
    restoresListed: 'This machine takes restores only to folders that its policy names',
    inFile: 'Its policy, where it has to stand like this, is the file',
    byVariable: 'Set this variable where the agent is started, and start it again:',
    orInFile: 'Or write this into the file /etc/holdfast/agent.yaml on the machine:',
    restoreHere: 'Or type “holdfast agent restore” on the machine itself: that needs no permission.',
  },
  ja: {
    commands: 'サーバーからのコマンド',
    commandsAre: (allowed: Allowed) => ({ deny: '拒否', listed: 'ポリシーに記載されたもののみ', allow: '許可' })[allowed],
    restores: 'サーバーからの復元',
    restoresAre: (allowed: Allowed) => ({ deny: '拒否', listed: '特定のフォルダーのみ', allow: 'すべての場所に許可' })[allowed],
    commandsRefused: 'このマシンはサーバーからのコマンドを実行しません',
    commandsRefusedHint: 'マシンの管理者が許可するまで、コマンドを含むバックアップは失敗します。許可するには次のようにします。',
    commandsListed: 'このマシンはポリシーに記載されたコマンドだけを実行します',
    commandsListedHint:
      'それ以外のコマンドを含むバックアップは失敗します。各行は、ここに入力したとおりに記載されているか、パターンに一致する必要があります。',
    restoresRefused: 'このマシンはサーバーからの復元を受け付けません',
    restoresRefusedHint: 'マシンの管理者が許可するまで、復元は失敗します。許可するには次のようにします。',
    restoresListed: 'このマシンはポリシーに記載されたフォルダーとその中への復元だけを受け付けます',
    inFile: '次のように記載する必要があるポリシーのファイル:',
    byVariable: 'エージェントの起動時に次の環境変数を設定し、再起動します。',
    orInFile: 'または、マシン上のファイル /etc/holdfast/agent.yaml に次のように記載します。',
    restoreHere: 'または、マシン上で「holdfast agent restore」を実行します。この場合、許可は必要ありません。',
  },
})
