const SHAPES = `<rect width="32" height="32" rx="8" fill="#0b6e63"/>
  <g fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"><path d="M16 5v11"/>
  <path d="M16 9c4 0 6-1.500 6-4"/><path d="M16 13c-4 0-6-1.500-6-4"/><path d="M16 16c0 5-4 4-7 10"/><path d="M16 16c0 5-1.500 6-2 10.500"/>
  <path d="M16 16c0 5 1.500 6 2 10.500"/><path d="M16 16c0 5 4 4 7 10"/></g>`

/** The mark of Holdfast within a page, whose name stands beside it. */
export const MARK: string = `<svg viewBox="0 0 32 32" aria-hidden="true">${SHAPES}</svg>`

/** The same mark as a file of its own, for the tabs of browsers. */
export const ICON: string = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><title>Holdfast</title>${SHAPES}</svg>`
