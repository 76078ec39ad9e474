import type { BlobId, IndexedRepository, OpenRepository } from '@holdfast/engine'

/** What this feature needs of repositories. */
export interface SnapshotRepositories {
  /**
   * A repository to read from. Its index names `tree`, if the repository has it: a snapshot may be younger than the index in memory.
   * @throws {ServerError} `server.unavailable`; {EngineError} `storage.*`, `repository.*`
   */
  read(repositoryId: number, options: { readonly tree: BlobId }): Promise<IndexedRepository>
  /**
   * Runs `action`, which removes or replaces snapshots, while nobody else writes to the repository: by the rules of the repository, with an
   * exclusive lock in it.
   * @throws {ServerError} `request.conflict` where the repository's rules do not allow that, or somebody writes to it
   */
  alter<Result>(repositoryId: number, action: (repository: OpenRepository, signal: AbortSignal) => Promise<Result>): Promise<Result>
}
