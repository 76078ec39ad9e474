import type { Client } from '@holdfast/protocol'
import type { ReactElement } from 'react'
import { ResticAccess } from '../repositories/restic-access.tsx'
import { TokenSection } from './token-section.tsx'

/** Who comes in as a client: its agent by a token, and restic by a password. */
export function AccessTab({ client }: { readonly client: Client }): ReactElement {
  return (
    <>
      <TokenSection client={client} />
      <ResticAccess clientId={client.id} />
    </>
  )
}
