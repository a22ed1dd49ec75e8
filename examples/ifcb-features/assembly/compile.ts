import { readFileSync } from 'node:fs'
import path from 'node:path'
import asc from 'assemblyscript/asc'

const folder = path.join(import.meta.dirname, 'kernels')

/** The WebAssembly that the files of kernels/ are; the same bytes every time. */
export async function compileKernels(): Promise<Uint8Array> {
  let binary: Uint8Array | undefined
  const options = '-O3 --enable simd --runtime stub --noAssert --importMemory --noExportMemory'
  const { error } = await asc.main(
    ['index.ts', ...options.split(' '), '--outFile', 'kernels.wasm'],
    {
      readFile: (name) => {
        try {
          return readFileSync(path.join(folder, name), 'utf8')
        } catch {
          return null // it looks in several places
        }
      },
      writeFile: (name, contents) => {
        if (name === 'kernels.wasm') binary = contents as Uint8Array
      },
      listFiles: () => [],
    },
  )
  if (error) throw error
  if (!binary) throw new Error('assembly/kernels compiles to nothing')
  return binary
}
