import { defineMessages, plural } from '../../app/language.tsx'

/** What is said about what a selection takes. */
export const selectionMessages = defineMessages({
  en: {
    title: 'What this takes',
    help: 'The machine’s agent counts the files that would be backed up and those that are left out.',
    count: 'Count files',
    again: 'Count again',
    stale: 'The choice has changed since.',
    taken: 'Backed up',
    left: 'Left out',
    files: (count: number) => plural(count, 'file', 'files'),
    biggest: 'Largest folders',
    biggestLeft: 'Left out, largest first',
    missing: 'Not there on the machine',
    unreadable: (count: number) => `${plural(count, 'entry', 'entries')} cannot be read and will be missing.`,
    partial: 'The machine has more than could be counted in time: the figures are lower bounds.',
    nothing: 'Nothing.',
  },
  ja: {
    title: '対象の確認',
    help: 'マシンのエージェントが、バックアップされるファイルと除外されるファイルを数えます。',
    count: 'ファイルを数える',
    again: '数え直す',
    stale: 'その後、選択が変更されました。',
    taken: 'バックアップ対象',
    left: '除外',
    files: (count: number) => `${count.toLocaleString('ja')} 個のファイル`,
    biggest: '大きいフォルダー',
    biggestLeft: '除外されるもの（大きい順）',
    missing: 'マシンに存在しないもの',
    unreadable: (count: number) => `${count.toLocaleString('ja')} 件は読み取れないため、含まれません。`,
    partial: '時間内に数え切れませんでした。実際の数値はこれより大きくなります。',
    nothing: 'ありません。',
  },
})
