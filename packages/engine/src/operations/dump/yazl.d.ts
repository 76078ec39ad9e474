/** The part of `yazl` that the engine calls; the package brings no types. */
declare module 'yazl' {
  interface EntryOptions {
    readonly mtime: Date
    /** As `st_mode`, with the kind of file. */
    readonly mode: number
    readonly compress?: boolean
  }
  export class ZipFile {
    readonly outputStream: import('node:stream').PassThrough
    addReadStream(stream: import('node:stream').Readable, path: string, options: EntryOptions & { readonly size?: number }): void
    addBuffer(content: Uint8Array, path: string, options: EntryOptions): void
    addEmptyDirectory(path: string, options: EntryOptions): void
    end(): void
    on(event: 'error', listener: (error: unknown) => void): this
  }
}
