import type { ChangeClient, Client } from '@holdfast/protocol'
import { type UseMutationResult, useMutation, useQueryClient } from '@tanstack/react-query'
import { api } from '../../app/api.ts'
import { refreshClients } from './queries.ts'

/** Changes a client on the server; pages show it as the server says that it is then. */
export function useChangeClient(id: number): UseMutationResult<Client, Error, ChangeClient> {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (change: ChangeClient) => api.patch<Client>(`/api/v1/clients/${id}`, change),
    onSuccess: (client) => {
      queries.setQueryData(['clients', id], client)
      void refreshClients()
    },
  })
}
