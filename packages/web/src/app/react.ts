import { noteStacks } from './without-stacks.ts'

export { createRoot } from 'react-dom/client'

noteStacks()
