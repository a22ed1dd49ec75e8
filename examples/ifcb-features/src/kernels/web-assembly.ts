/** As much of WebAssembly as the kernels need: its types come with the browser's, which are not loaded here. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
  /** Adds pages of 64 KiB. */
  grow(pages: number): number
}

interface WebAssemblyGlobal {
  validate(binary: Uint8Array): boolean
  readonly Module: new (binary: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: Record<string, Record<string, unknown>>,
  ) => { readonly exports: unknown }
  readonly Memory: new (size: { initial: number; maximum: number }) => WasmMemory
}

/** Undefined where the engine has none. */
export const webAssembly = (globalThis as { WebAssembly?: WebAssemblyGlobal }).WebAssembly
