import { defineMessages, plural } from '../app/language.tsx'

/** What is wrong with a field of a form. */
export const fieldMessages = defineMessages({
  en: {
    missing: 'This is needed.',
    tooShort: (least: number) => `At least ${plural(least, 'character', 'characters')}.`,
    tooLong: (most: number) => `At most ${plural(most, 'character', 'characters')}.`,
    tooFew: (least: number) => `At least ${plural(least, 'entry', 'entries')}.`,
    tooMany: (most: number) => `At most ${plural(most, 'entry', 'entries')}.`,
    tooSmall: (least: number) => `At least ${least.toLocaleString('en')}.`,
    tooLarge: (most: number) => `At most ${most.toLocaleString('en')}.`,
    notNumber: 'This must be a number.',
    notWhole: 'This must be a whole number.',
    notEmail: 'This must be a mail address.',
    notUrl: 'This must be a URL.',
    notChoice: 'This is none of the choices.',
    wrongForm: 'This does not have the right form.',
    taken: 'This name is taken already.',
  },
  ja: {
    missing: '必須項目です。',
    tooShort: (least: number) => `${least.toLocaleString('ja')} 文字以上で入力してください。`,
    tooLong: (most: number) => `${most.toLocaleString('ja')} 文字以内で入力してください。`,
    tooFew: (least: number) => `${least.toLocaleString('ja')} 件以上指定してください。`,
    tooMany: (most: number) => `${most.toLocaleString('ja')} 件以内で指定してください。`,
    tooSmall: (least: number) => `${least.toLocaleString('ja')} 以上の値を入力してください。`,
    tooLarge: (most: number) => `${most.toLocaleString('ja')} 以下の値を入力してください。`,
    notNumber: '数値を入力してください。',
    notWhole: '整数を入力してください。',
    notEmail: 'メールアドレスを入力してください。',
    notUrl: 'URL を入力してください。',
    notChoice: '選択肢にない値です。',
    wrongForm: '形式が正しくありません。',
    taken: 'この名前はすでに使われています。',
  },
})
