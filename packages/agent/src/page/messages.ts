import type { Language } from './language.ts'

/** Every text of the page. */
export interface PageMessages {
  readonly language: Language
  readonly codeTitle: string
  readonly codeLead: string
  readonly code: string
  readonly proceed: string
  readonly wrongCode: string
  readonly tooManyCodes: string
  readonly formTitle: string
  readonly formLead: string
  readonly server: string
  readonly user: string
  readonly password: string
  readonly passwordHint: string
  readonly secondFactor: string
  readonly secondFactorHint: string
  readonly machine: string
  readonly folders: string
  readonly foldersHint: string
  readonly protect: string
  readonly notLetIn: string
  statusTitle(clientName: string): string
  readonly statusLead: string
  readonly openOnServer: string
  readonly cannotWork: string
  readonly answered: string
  readonly never: string
  readonly now: string
  readonly waiting: string
  running(name: string): string
  readonly lastRun: string
  readonly noRun: string
  readonly states: { readonly finished: string; readonly error: string; readonly cancelled: string }
  saved(snapshot: string): string
  readonly noticeTitle: string
  readonly wrongName: string
  readonly nothingHere: string
  readonly tooLong: string
}

const ENGLISH: PageMessages = {
  language: 'en',
  codeTitle: 'Show that this machine is yours',
  codeLead: 'The agent of this machine printed a code when it started: in its terminal, or in its log.',
  code: 'Code',
  proceed: 'Continue',
  wrongCode: 'That is not the code. Each one counts once: the newest is the one.',
  tooManyCodes: 'Too many codes were wrong: wait a minute.',
  formTitle: 'Protect this machine',
  formLead: 'Name your Holdfast server, who you are there, and what is to be backed up.',
  server: 'Server',
  user: 'User',
  password: 'Password',
  passwordHint: 'Used once, to let this machine in; it is not kept.',
  secondFactor: 'Authenticator code',
  secondFactorHint: 'If your account asks for one.',
  machine: 'Name of this machine',
  folders: 'Folders',
  foldersHint: 'One a line.',
  protect: 'Protect',
  notLetIn: 'The server did not let this machine in.',
  statusTitle: (clientName) => `${clientName} is protected`,
  statusLead: 'This machine belongs to',
  openOnServer: 'Open this machine on the server',
  cannotWork: 'The agent cannot work with its server now.',
  answered: 'Server answered',
  never: 'Not yet',
  now: 'Now',
  waiting: 'Waiting for the next run',
  running: (name) => `Running: ${name}, since`,
  lastRun: 'Last run',
  noRun: 'None yet',
  states: { finished: 'Finished', error: 'Failed', cancelled: 'Cancelled' },
  saved: (snapshot) => `Snapshot ${snapshot} saved`,
  noticeTitle: 'Nothing to see',
  wrongName: 'This page is not reached by that name.',
  nothingHere: 'There is nothing here.',
  tooLong: 'That is too long.',
}

const JAPANESE: PageMessages = {
  language: 'ja',
  codeTitle: 'このマシンの所有者であることの確認',
  codeLead: 'このマシンのエージェントは、起動時にコードを端末またはログに表示しています。',
  code: 'コード',
  proceed: '続ける',
  wrongCode: 'コードが違います。コードは一度しか使えません。最新のものを入力してください。',
  tooManyCodes: '間違ったコードが続きました。1 分ほど待ってからやり直してください。',
  formTitle: 'このマシンを保護',
  formLead: 'Holdfast サーバー、そこでのユーザー、バックアップするフォルダーを入力してください。',
  server: 'サーバー',
  user: 'ユーザー',
  password: 'パスワード',
  passwordHint: 'このマシンの登録に一度だけ使い、保存しません。',
  secondFactor: '認証アプリのコード',
  secondFactorHint: 'アカウントで必要な場合のみ。',
  machine: 'このマシンの名前',
  folders: 'フォルダー',
  foldersHint: '1 行に 1 つずつ。',
  protect: '保護する',
  notLetIn: 'サーバーがこのマシンの登録を受け付けませんでした。',
  statusTitle: (clientName) => `${clientName} は保護されています`,
  statusLead: 'このマシンの登録先:',
  openOnServer: 'サーバーでこのマシンを開く',
  cannotWork: 'エージェントは現在サーバーと連携できません。',
  answered: 'サーバーの最終応答',
  never: 'まだありません',
  now: '現在',
  waiting: '次の実行を待っています',
  running: (name) => `実行中: ${name}、開始`,
  lastRun: '前回の実行',
  noRun: 'まだありません',
  states: { finished: '完了', error: '失敗', cancelled: 'キャンセル' },
  saved: (snapshot) => `スナップショット ${snapshot} を保存しました`,
  noticeTitle: '表示できません',
  wrongName: 'このページはその名前では開けません。',
  nothingHere: 'ここには何もありません。',
  tooLong: '入力が長すぎます。',
}

/** The texts of the page in a language. */
export function messagesIn(language: Language): PageMessages {
  return language === 'ja' ? JAPANESE : ENGLISH
}
