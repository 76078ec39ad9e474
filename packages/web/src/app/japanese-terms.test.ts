import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const FOLDER = fileURLToPath(new URL('..', import.meta.url))
const KANA_OR_KANJI = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u

/** What is said in one way only, with the ways in which it is not said. */
const TERMS: Readonly<Record<string, RegExp>> = {
  バックアップ: /バックアツプ|バック・アップ/u,
  スナップショット: /スナップ・ショット|断面/u,
  リポジトリ: /レポジトリ|リポジトリー/u,
  プラン: /バックアップ計画/u,
  クライアント: /クライエント/u,
  復元: /リストア|復旧する/u,
  保持期間: /保存期間|保管期間|リテンション/u,
  スケジュール: /スケジューリング/u,
  絞り込み: /フィルター?(?!ー)/u,
  フォルダー: /フォルダ(?!ー)|ディレクトリ/u,
  ブラウザー: /ブラウザ(?!ー)/u,
  サーバー: /サーバ(?!ー)/u,
  ユーザー: /ユーザ(?!ー)/u,
  ストレージ: /ストレッジ/u,
  ターミナル: /端末(で次|を開)/u,
  進行状況: /進み具合|進捗/u,
  イベント: /出来事/u,
  容量の上限: /割り当て容量|クォータ/u,
  ほかの: /(?<!その)他の/u,
  '「: 」': /：/u,
}

const FILES = globSync('**/*{messages,advice-ja,-words,audit-sentences,setting-meanings}.ts', { cwd: FOLDER })

test('the same thing has the same name in all Japanese texts', () => {
  expect(FILES.length).toBeGreaterThan(25)
  const lines = FILES.flatMap((file) =>
    readFileSync(`${FOLDER}/${file}`, 'utf8')
      .split('\n')
      .map((text, index) => ({ place: `${file}:${index + 1}`, text })),
  ).filter(({ text }) => KANA_OR_KANJI.test(text) || /：/u.test(text))
  expect(lines.length).toBeGreaterThan(1000)
  const wrong = Object.entries(TERMS).flatMap(([term, others]) =>
    lines.filter(({ text }) => others.test(text)).map(({ place, text }) => `${place}: ${term} is meant in ${text.trim()}`),
  )
  expect(wrong).toEqual([])
})
