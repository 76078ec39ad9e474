import { defineMessages, plural } from '../../app/language.tsx'
import type { AuditFact } from './audit-fact.ts'
import { ENGLISH_WORDS, JAPANESE_WORDS } from './audit-words.ts'

/** A sentence for every action that the server writes into its audit log; a test holds the list against the server. */
export const auditSentences = defineMessages({
  en: {
    'api-token.created': (fact: AuditFact) => `${fact.who} made the API token ${named(fact)} (${fact.list('scopes').join(', ')})`,
    'api-token.revoked': (fact: AuditFact) => `${fact.who} revoked the API token ${named(fact)}`,
    'channel.changed': (fact: AuditFact) => `${fact.who} changed the notification channel ${named(fact)}`,
    'channel.created': (fact: AuditFact) => `${fact.who} added the notification channel ${named(fact)}`,
    'channel.removed': (fact: AuditFact) => `${fact.who} deleted the notification channel ${named(fact)}`,
    'client.changed': (fact: AuditFact) => `${fact.who} changed ${fact.what}${changedEnglish(fact)}`,
    'client.code-created': (fact: AuditFact) => `${fact.who} made an enrolment code for ${fact.what}`,
    'client.created': (fact: AuditFact) => `${fact.who} added ${fact.what}`,
    'client.enrolled': (fact: AuditFact) => `The machine ${fact.text('hostname')} came in as ${fact.what} with an enrolment code`,
    'client.local-machine-added': (fact: AuditFact) => `${fact.who} made the machine of the server ${fact.what}`,
    'client.registered': (fact: AuditFact) => `The machine ${fact.text('hostname')} came in as ${fact.what} with a user’s password`,
    'client.removed': (fact: AuditFact) =>
      `${fact.who} deleted ${fact.what} with ${plural(fact.count('snapshots'), 'snapshot', 'snapshots')}`,
    'client.restic-access-granted': (fact: AuditFact) =>
      `${fact.who} let restic on ${fact.what} use repository ${fact.text('repositoryId')}${fact.is('isFull', true) ? ', in full' : ''}`,
    'client.restic-access-withdrawn': (fact: AuditFact) =>
      `${fact.who} no longer lets restic on ${fact.what} use repository ${fact.text('repositoryId')}`,
    'client.restic-password-created': (fact: AuditFact) => `${fact.who} made a password for restic on ${fact.what}`,
    'client.restic-password-revoked': (fact: AuditFact) => `${fact.who} revoked the password for restic on ${fact.what}`,
    'client.retired-token-used': (fact: AuditFact) =>
      `${fact.who} used a token of ${fact.what} that its agent has replaced: somebody may have copied it`,
    'client.token-revoked': (fact: AuditFact) => `${fact.who} revoked the token of ${fact.what}`,
    'client.token-rotated': (fact: AuditFact) => `${fact.who} renewed the token of ${fact.what}`,
    'client.token-rotation-wanted': (fact: AuditFact) => `${fact.who} asked the agent of ${fact.what} to replace its token`,
    'plan.changed': (fact: AuditFact) => `${fact.who} changed ${fact.what}${changedEnglish(fact)}`,
    'plan.created': (fact: AuditFact) => `${fact.who} added ${fact.what} to client ${fact.text('clientId')}`,
    'plan.removed': (fact: AuditFact) => `${fact.who} deleted ${fact.what} of client ${fact.text('clientId')}`,
    'plan.run': (fact: AuditFact) => `${fact.who} started ${fact.what} by hand (run ${fact.text('runId')})`,
    'repository.adopted': (fact: AuditFact) => `${fact.who} adopted ${fact.what} at ${fact.text('location')}`,
    'repository.changed': (fact: AuditFact) => `${fact.who} changed ${fact.what}${changedEnglish(fact)}`,
    'repository.checked': (fact: AuditFact) => `${fact.what} was checked${failedEnglish(fact)}`,
    'repository.created': (fact: AuditFact) => `${fact.who} created ${fact.what} at ${fact.text('location')}`,
    'repository.maintenance-changed': (fact: AuditFact) => `${fact.who} changed the maintenance of ${fact.what}`,
    'repository.maintenance-requested': (fact: AuditFact) =>
      `${fact.who} asked for ${ENGLISH_WORDS[fact.text('kind')] ?? 'maintenance'} of ${fact.what}`,
    'repository.prune-tried': (fact: AuditFact) => `What maintenance of ${fact.what} would remove was worked out${failedEnglish(fact)}`,
    'repository.pruned': (fact: AuditFact) => `${fact.what} was cleaned up${failedEnglish(fact)}`,
    'repository.recovery-kit': (fact: AuditFact) => `${fact.who} downloaded the recovery kit of ${fact.what}`,
    'repository.removed': (fact: AuditFact) => `${fact.who} removed ${fact.what} from the list; its data stays where it is`,
    'run.cancelled': (fact: AuditFact) => `${fact.who} cancelled ${fact.what}`,
    'run.retried': (fact: AuditFact) => `${fact.who} tried ${fact.what} again as run ${fact.text('newRun')}`,
    'second-factor.codes-renewed': (fact: AuditFact) => `${fact.who} made new recovery codes`,
    'second-factor.enabled': (fact: AuditFact) => `${fact.who} turned on the second factor`,
    'second-factor.removed': (fact: AuditFact) =>
      fact.isOwn ? `${fact.who} turned off the second factor` : `${fact.who} removed the second factor of ${fact.what}`,
    'session.all-ended': (fact: AuditFact) =>
      fact.isOwn ? `${fact.who} ended all their other sessions` : `${fact.who} signed ${fact.what} out everywhere`,
    'session.begun': (fact: AuditFact) => `${fact.who} signed in${fact.text('by') === 'single sign-on' ? ' with single sign-on' : ''}`,
    'session.ended': (fact: AuditFact) =>
      fact.is('isOwn', true) ? `${fact.who} signed out` : `${fact.who} ended one of their other sessions`,
    'sign-in.failed': (fact: AuditFact) =>
      fact.claimed === '' ? 'Somebody failed to sign in with a name that nobody has' : `Somebody failed to sign in as ${fact.claimed}`,
    'sign-in.locked': (fact: AuditFact) => `Signing in ${asEnglish(fact)} was locked for a while after too many failed attempts`,
    'single-sign-on.tied': (fact: AuditFact) => `${fact.what} was connected with an account of the identity provider`,
    'single-sign-on.untied': (fact: AuditFact) => `${fact.who} disconnected from single sign-on`,
    'snapshot.forgotten': (fact: AuditFact) => `${fact.who} forgot ${fact.what} of ${fact.text('time')}`,
    'snapshot.pinned': (fact: AuditFact) => `${fact.who} pinned ${fact.what}, so that it is never forgotten`,
    'snapshot.restore': (fact: AuditFact) =>
      `${fact.who} restored ${fact.what} to client ${fact.text('clientId')} (run ${fact.text('runId')})`,
    'snapshot.tagged': (fact: AuditFact) => `${fact.who} changed the tags of ${fact.what} to ${fact.list('after').join(', ') || 'none'}`,
    'snapshot.unpinned': (fact: AuditFact) => `${fact.who} unpinned ${fact.what}`,
    'user.changed': (fact: AuditFact) => `${fact.who} changed ${fact.isOwn ? 'their own account' : fact.what}${changedEnglish(fact)}`,
    'user.created': (fact: AuditFact) => `${fact.who} added ${fact.what} as ${ENGLISH_WORDS[fact.text('role')] ?? fact.text('role')}`,
    'user.password-changed': (fact: AuditFact) => `${fact.who} changed their own password`,
    'user.removed': (fact: AuditFact) => `${fact.who} deleted ${fact.what}`,
  },
  ja: {
    'api-token.created': (fact: AuditFact) =>
      `${fact.who} が API トークン${quoted(fact)}を作成しました（${fact.list('scopes').join('、')}）`,
    'api-token.revoked': (fact: AuditFact) => `${fact.who} が API トークン${quoted(fact)}を失効させました`,
    'channel.changed': (fact: AuditFact) => `${fact.who} が通知チャンネル${quoted(fact)}を変更しました`,
    'channel.created': (fact: AuditFact) => `${fact.who} が通知チャンネル${quoted(fact)}を追加しました`,
    'channel.removed': (fact: AuditFact) => `${fact.who} が通知チャンネル${quoted(fact)}を削除しました`,
    'client.changed': (fact: AuditFact) => `${fact.who} が${fact.what}を変更しました${changedJapanese(fact)}`,
    'client.code-created': (fact: AuditFact) => `${fact.who} が${fact.what}の登録コードを作成しました`,
    'client.created': (fact: AuditFact) => `${fact.who} が${fact.what}を追加しました`,
    'client.enrolled': (fact: AuditFact) => `マシン ${fact.text('hostname')} が登録コードで${fact.what}として登録されました`,
    'client.local-machine-added': (fact: AuditFact) => `${fact.who} がサーバーのマシンを${fact.what}として登録しました`,
    'client.registered': (fact: AuditFact) => `マシン ${fact.text('hostname')} がユーザーのパスワードで${fact.what}として登録されました`,
    'client.removed': (fact: AuditFact) => `${fact.who} が${fact.what}をスナップショット ${fact.count('snapshots')} 件とともに削除しました`,
    'client.restic-access-granted': (fact: AuditFact) =>
      `${fact.who} が${fact.what}の restic にリポジトリ ${fact.text('repositoryId')} の使用${fact.is('isFull', true) ? '（削除を含む）' : ''}を許可しました`,
    'client.restic-access-withdrawn': (fact: AuditFact) =>
      `${fact.who} が${fact.what}の restic によるリポジトリ ${fact.text('repositoryId')} の使用を取り消しました`,
    'client.restic-password-created': (fact: AuditFact) => `${fact.who} が${fact.what}の restic 用パスワードを作成しました`,
    'client.restic-password-revoked': (fact: AuditFact) => `${fact.who} が${fact.what}の restic 用パスワードを失効させました`,
    'client.retired-token-used': (fact: AuditFact) =>
      `${fact.who} が${fact.what}の交換済みトークンを使用しました。トークンが複製されたおそれがあります`,
    'client.token-revoked': (fact: AuditFact) => `${fact.who} が${fact.what}のトークンを失効させました`,
    'client.token-rotated': (fact: AuditFact) => `${fact.who} が${fact.what}のトークンを再発行しました`,
    'client.token-rotation-wanted': (fact: AuditFact) => `${fact.who} が${fact.what}のエージェントにトークンの交換を指示しました`,
    'plan.changed': (fact: AuditFact) => `${fact.who} が${fact.what}を変更しました${changedJapanese(fact)}`,
    'plan.created': (fact: AuditFact) => `${fact.who} がクライアント ${fact.text('clientId')} に${fact.what}を追加しました`,
    'plan.removed': (fact: AuditFact) => `${fact.who} がクライアント ${fact.text('clientId')} の${fact.what}を削除しました`,
    'plan.run': (fact: AuditFact) => `${fact.who} が${fact.what}を手動で開始しました（実行 ${fact.text('runId')}）`,
    'repository.adopted': (fact: AuditFact) => `${fact.who} が ${fact.text('location')} の${fact.what}を引き継ぎました`,
    'repository.changed': (fact: AuditFact) => `${fact.who} が${fact.what}を変更しました${changedJapanese(fact)}`,
    'repository.checked': (fact: AuditFact) => `${fact.what}を検査しました${failedJapanese(fact)}`,
    'repository.created': (fact: AuditFact) => `${fact.who} が ${fact.text('location')} に${fact.what}を作成しました`,
    'repository.maintenance-changed': (fact: AuditFact) => `${fact.who} が${fact.what}のメンテナンス設定を変更しました`,
    'repository.maintenance-requested': (fact: AuditFact) =>
      `${fact.who} が${fact.what}の${JAPANESE_WORDS[fact.text('kind')] ?? 'メンテナンス'}を依頼しました`,
    'repository.prune-tried': (fact: AuditFact) => `${fact.what}のメンテナンスで削除される内容を試算しました${failedJapanese(fact)}`,
    'repository.pruned': (fact: AuditFact) => `${fact.what}を整理しました${failedJapanese(fact)}`,
    'repository.recovery-kit': (fact: AuditFact) => `${fact.who} が${fact.what}の復旧キットをダウンロードしました`,
    'repository.removed': (fact: AuditFact) => `${fact.who} が${fact.what}を一覧から外しました（データはそのまま残ります）`,
    'run.cancelled': (fact: AuditFact) => `${fact.who} が${fact.what}をキャンセルしました`,
    'run.retried': (fact: AuditFact) => `${fact.who} が${fact.what}を実行 ${fact.text('newRun')} として再試行しました`,
    'second-factor.codes-renewed': (fact: AuditFact) => `${fact.who} が新しいリカバリーコードを作成しました`,
    'second-factor.enabled': (fact: AuditFact) => `${fact.who} が二要素認証を有効にしました`,
    'second-factor.removed': (fact: AuditFact) =>
      fact.isOwn ? `${fact.who} が二要素認証を無効にしました` : `${fact.who} が${fact.what}の二要素認証を解除しました`,
    'session.all-ended': (fact: AuditFact) =>
      fact.isOwn
        ? `${fact.who} がほかのセッションをすべて終了しました`
        : `${fact.who} が${fact.what}をすべての場所からサインアウトさせました`,
    'session.begun': (fact: AuditFact) =>
      `${fact.who} が${fact.text('by') === 'single sign-on' ? 'シングルサインオンで' : ''}サインインしました`,
    'session.ended': (fact: AuditFact) =>
      fact.is('isOwn', true) ? `${fact.who} がサインアウトしました` : `${fact.who} がほかのセッションを 1 つ終了しました`,
    'sign-in.failed': (fact: AuditFact) =>
      fact.claimed === '' ? '存在しないユーザー名でのサインインが失敗しました' : `${fact.claimed} としてのサインインが失敗しました`,
    'sign-in.locked': (fact: AuditFact) =>
      `失敗が続いたため、${fact.claimed === '' ? '存在しないユーザー名' : fact.claimed} でのサインインを一時的にロックしました`,
    'single-sign-on.tied': (fact: AuditFact) => `${fact.what}が ID プロバイダーのアカウントと連携されました`,
    'single-sign-on.untied': (fact: AuditFact) => `${fact.who} がシングルサインオンの連携を解除しました`,
    'snapshot.forgotten': (fact: AuditFact) => `${fact.who} が ${fact.text('time')} の${fact.what}を削除しました`,
    'snapshot.pinned': (fact: AuditFact) => `${fact.who} が${fact.what}をピン留めし、削除されないようにしました`,
    'snapshot.restore': (fact: AuditFact) =>
      `${fact.who} が${fact.what}をクライアント ${fact.text('clientId')} に復元しました（実行 ${fact.text('runId')}）`,
    'snapshot.tagged': (fact: AuditFact) => `${fact.who} が${fact.what}のタグを${fact.list('after').join('、') || 'なし'}に変更しました`,
    'snapshot.unpinned': (fact: AuditFact) => `${fact.who} が${fact.what}のピン留めを外しました`,
    'user.changed': (fact: AuditFact) =>
      `${fact.who} が${fact.isOwn ? '自分のアカウント' : fact.what}を変更しました${changedJapanese(fact)}`,
    'user.created': (fact: AuditFact) =>
      `${fact.who} が${fact.what}を${JAPANESE_WORDS[fact.text('role')] ?? fact.text('role')}として追加しました`,
    'user.password-changed': (fact: AuditFact) => `${fact.who} が自分のパスワードを変更しました`,
    'user.removed': (fact: AuditFact) => `${fact.who} が${fact.what}を削除しました`,
  },
})

/** An action that there is a sentence for. */
export type KnownAction = keyof (typeof auditSentences)['en']

function named(fact: AuditFact): string {
  return `“${fact.text('name')}”`
}

function quoted(fact: AuditFact): string {
  return `「${fact.text('name')}」`
}

function asEnglish({ claimed }: AuditFact): string {
  return claimed === '' ? 'with a name that nobody has' : `as ${claimed}`
}

function failedEnglish(fact: AuditFact): string {
  return fact.text('error') === '' ? '' : `, but failed: ${fact.text('error')}`
}

function failedJapanese(fact: AuditFact): string {
  return fact.text('error') === '' ? '' : `が失敗しました: ${fact.text('error')}`
}

function changedEnglish(fact: AuditFact): string {
  const changed = changedFields(fact, ENGLISH_WORDS)
  return changed.length === 0 ? '' : `: ${changed.join(', ')}`
}

function changedJapanese(fact: AuditFact): string {
  const changed = changedFields(fact, JAPANESE_WORDS)
  return changed.length === 0 ? '' : `（${changed.join('、')}）`
}

/** What was changed; of roles and of who may sign in also to what. */
function changedFields(fact: AuditFact, words: Readonly<Record<string, string>>): readonly string[] {
  const wordOf = (name: string): string => words[name] ?? name
  return fact.list('changed').map((field) => {
    if (field === 'role' && fact.text('role') !== '') return `${wordOf('role')} → ${wordOf(fact.text('role'))}`
    if (field === 'isDisabled' && fact.is('isDisabled', true)) return wordOf('disabled')
    if (field === 'isDisabled' && fact.is('isDisabled', false)) return wordOf('enabled')
    return wordOf(field)
  })
}
