import { defineMessages, plural } from '../../app/language.tsx'

export const folderMessages = defineMessages({
  en: {
    tree: 'Folders of the machine',
    hint: 'Arrow keys move and open, the space bar selects.',
    waiting: 'Asking the machine…',
    empty: 'Empty folder',
    truncated: 'This folder has more entries than are shown here.',
    failed: 'The machine did not say what is in this folder.',
    away: 'The machine is not connected.',
    refused: 'The owner of the machine does not allow this.',
    gone: 'There is no such folder any more.',
    tryAgain: 'Try again',
    within: 'A folder above it is selected',
    unnameable: 'Its name is no text: select the folder above it',
    selected: (count: number) => `${plural(count, 'path', 'paths')} selected`,
  },
  ja: {
    tree: 'マシンのフォルダー',
    hint: '矢印キーで移動と展開、スペースキーで選択します。',
    waiting: 'マシンに問い合わせています…',
    empty: '空のフォルダー',
    truncated: 'このフォルダーには、ここに表示されている以外にも項目があります。',
    failed: 'このフォルダーの内容をマシンから取得できませんでした。',
    away: 'マシンが接続されていません。',
    refused: 'マシンの所有者が許可していません。',
    gone: 'このフォルダーはもうありません。',
    tryAgain: '再試行',
    within: '上位のフォルダーが選択されています',
    unnameable: '名前が文字列として表せないため、上位のフォルダーを選択してください',
    selected: (count: number) => `${count} 件のパスを選択中`,
  },
})
