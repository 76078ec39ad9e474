/** Groups of settings, by their names; a test holds them and the words below against the server. */
export const SETTING_GROUPS = {
  network: ['host', 'port', 'publicUrl', 'internalUrl', 'tlsCertificate', 'tlsKey', 'trustedProxies', 'logLevel', 'webFolder'],
  storage: ['data', 'databaseUrl', 'masterKey', 's3Bucket', 's3Endpoint', 's3AccessKeyId', 's3SecretAccessKey', 's3Region'],
  accounts: [
    'adminUsername',
    'adminPassword',
    'oidcIssuer',
    'oidcClientId',
    'oidcClientSecret',
    'oidcName',
    'oidcUsernameClaim',
    'oidcNewUserRole',
    'agentTokenDays',
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>

/** What each setting means, in Japanese: the server tells it in English. */
export const JAPANESE_MEANINGS: Readonly<Record<string, string>> = {
  host: '待ち受けるアドレス。すべてのアドレスで待ち受けるには 0.0.0.0。',
  port: '待ち受けるポート。0 の場合は空いているポートを使います。',
  data: '組み込みデータベース、鍵、既定のリポジトリを置くフォルダー。',
  databaseUrl: 'postgres://… または sqlite:<パス>。未設定の場合はデータフォルダー内の SQLite ファイル。',
  adminUsername: '最初の管理者のユーザー名。',
  adminPassword: '最初の管理者のパスワード。未設定の場合は自動生成され、一度だけ表示されます。',
  masterKey: '保存する秘密情報を暗号化する鍵（base64 で 32 バイト以上）。未設定の場合はデータフォルダーにファイルとして作成されます。',
  publicUrl: 'ブラウザーとエージェントがサーバーに接続する URL。リンクに使われます。',
  internalUrl: '同じデータベースを使うほかのサーバーがこのサーバーに接続する URL。未設定の場合は待ち受けるアドレス。',
  tlsCertificate: '証明書チェーンのファイル。設定すると HTTPS で応答します。',
  tlsKey: '証明書の鍵のファイル。',
  agentTokenDays: 'エージェントがトークンを自動的に交換するまでの日数。0 の場合は交換しません。',
  trustedProxies: 'X-Forwarded-* ヘッダーを信頼するプロキシのアドレスまたはネットワーク（カンマ区切り）。',
  webFolder: 'ブラウザーに送るページのフォルダー。未設定の場合は同梱のページ。',
  logLevel: 'ログの詳しさ: debug、info、warn、error、silent。',
  oidcIssuer: 'サインインに使う OpenID Connect プロバイダーの URL。https:、またはこのマシン上の http:。',
  oidcClientId: 'プロバイダーでのこのサーバーのクライアント ID。',
  oidcClientSecret: 'クライアント ID に対応するシークレット。',
  oidcName: 'サインインページに表示するプロバイダーの名前。',
  oidcUsernameClaim: 'ユーザー名が入っているプロバイダーのクレーム。',
  oidcNewUserRole:
    'viewer、operator、admin のいずれか。プロバイダーだけが知っている人をこの役割のユーザーとして登録します。未設定の場合は拒否します。',
  s3Bucket: '既定のリポジトリのバケット。未設定の場合はローカルフォルダー。',
  s3Endpoint: 'S3 互換サーバーの URL。未設定の場合は AWS。',
  s3AccessKeyId: 'バケットのアクセスキー。',
  s3SecretAccessKey: 'アクセスキーのシークレット。',
  s3Region: 'バケットのリージョン。',
}
