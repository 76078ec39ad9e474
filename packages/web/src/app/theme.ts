import { type CSSVariablesResolver, createTheme, type MantineColorsTuple, type MantineThemeOverride } from '@mantine/core'

/** Deep green of the kelp that a holdfast holds. */
const kelp: MantineColorsTuple = [
  '#e6f7f4',
  '#d3ebe7',
  '#a7d6ce',
  '#77c0b4',
  '#51ae9f',
  '#389f8f',
  '#1d8274',
  '#0b6e63',
  '#07594f',
  '#02443c',
]

/** Greys with a little of the same green, for dark pages. */
const dark: MantineColorsTuple = [
  '#d3d9dc',
  '#b9c1c6',
  '#98a1a8',
  '#6d777e',
  '#3a4348',
  '#2f373b',
  '#262d31',
  '#1b2023',
  '#171b1e',
  '#111517',
]

/** How the pages look. Fonts are those of the system: nothing is loaded from elsewhere. */
export const theme: MantineThemeOverride = createTheme({
  primaryColor: 'kelp',
  primaryShade: { light: 7, dark: 6 },
  colors: { kelp, dark },
  autoContrast: true,
  luminanceThreshold: 0.35,
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK JP', 'Hiragino Sans', 'Yu Gothic UI', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, Consolas, 'Noto Sans Mono', 'Noto Sans Mono CJK JP', monospace",
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.5rem' }, h2: { fontSize: '1.0625rem' }, h3: { fontSize: '0.9375rem' } } },
  components: {
    // The ground says how grave it is; words in its colour would be hard to read on it.
    Alert: { styles: { title: { color: 'var(--mantine-color-text)' } } },
    Anchor: { defaultProps: { underline: 'hover' } },
    // Menus belong to the main part of the page, and hold nothing that could have the focus but what can be chosen.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false, portalProps: { target: '#content' } } },
    // The head of a dialog would be announced as that of the page.
    Drawer: { defaultProps: { attributes: { header: { role: 'presentation' } } } },
    Modal: {
      defaultProps: {
        centered: true,
        attributes: { header: { role: 'presentation' } },
        // What gets the focus is not behind the buttons at a long dialog's end.
        styles: { content: { scrollPaddingBottom: '5rem' } },
      },
    },
    Tooltip: { defaultProps: { openDelay: 250, withArrow: true } },
  },
})

/** Dimmed text and links keep a contrast of 4.5 to 1 on every ground that the pages have. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: { '--holdfast-page-width': '1400px' },
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-dimmed': '#565e66',
    '--mantine-color-placeholder': '#6a7178',
    '--mantine-color-error': '#b4232a',
    '--mantine-color-anchor': '#07655b',
    '--holdfast-ground': '#f5f7f7',
    '--holdfast-line': '#dfe4e5',
  },
  dark: {
    '--mantine-color-body': '#1b2023',
    '--mantine-color-dimmed': '#a7b0b7',
    '--mantine-color-placeholder': '#98a1a8',
    '--mantine-color-error': '#ff8f8f',
    '--mantine-color-anchor': '#6fd0c1',
    '--holdfast-ground': '#14181a',
    '--holdfast-line': '#30373b',
  },
})
