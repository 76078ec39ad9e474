import { defineMessages, plural } from '../../app/language.tsx'

/** What is said in forms about sources. */
export const sourceMessages = defineMessages({
  en: {
    more: 'More settings',
    onePerLine: 'One in each line.',
    add: 'Add',
    remove: (number: number) => `Remove ${number}`,
    item: (number: number) => `Entry ${number}`,
    unit: 'Unit',
    noLimit: 'No limit',
    chosen: 'Chosen',
    removePath: (path: string) => `Remove ${path}`,
    nothingChosen: 'Nothing is chosen yet.',
    byTree: 'Choose on the machine',
    byText: 'Type paths',
    way: 'How to choose',
    change: 'Choose more or others',
    morePaths: (count: number) => `and ${plural(count, 'more', 'more')}`,
  },
  ja: {
    more: 'その他の設定',
    onePerLine: '1 行に 1 つずつ入力します。',
    add: '追加',
    remove: (number: number) => `${number} を削除`,
    item: (number: number) => `項目 ${number}`,
    unit: '単位',
    noLimit: '制限なし',
    chosen: '選択済み',
    removePath: (path: string) => `${path} を外す`,
    nothingChosen: 'まだ何も選択されていません。',
    byTree: 'マシンから選択',
    byText: 'パスを入力',
    way: '選択方法',
    change: '選択を変更',
    morePaths: (count: number) => `ほか ${count.toLocaleString('ja')} 件`,
  },
})
