import { QueryClient } from '@tanstack/react-query'
import { ApiFailure } from './api.ts'

const RETRIES_MAX = 3

/** What the server said, kept while pages want it: shown at once when one comes back, and fetched anew meanwhile. */
export const queryClient: QueryClient = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 5000, retry: (count, error) => count < RETRIES_MAX && isPassing(error) },
    // What was sent and what came back may be a password or a token: nothing of it is kept.
    mutations: { retry: false, gcTime: 0 },
  },
})

/** Whether it may be otherwise in a moment: the server could not be reached, or is busy. */
function isPassing(error: unknown): boolean {
  return error instanceof ApiFailure && (error.status === 0 || error.status === 502 || error.status === 503 || error.status === 504)
}
