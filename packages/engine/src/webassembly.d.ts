/** The part of the WebAssembly interface that the kernels use; TypeScript has it in its library for browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => WebAssemblyModule
  readonly Instance: new (
    module: WebAssemblyModule,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => WebAssemblyInstance
  /** Sizes in pages of 65,536 bytes. */
  readonly Memory: new (size: {
    readonly initial: number
    readonly maximum: number
  }) => WebAssemblyMemory
}

interface WebAssemblyModule {
  readonly __kind: 'module'
}

interface WebAssemblyInstance {
  readonly exports: unknown
}

interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer
}

interface WebAssemblyGlobal {
  readonly value: number
}
