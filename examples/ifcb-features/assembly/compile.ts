import { readFile } from 'node:fs/promises'
import path from 'node:path'
import asc from 'assemblyscript/asc'

/** The WebAssembly that assembly/kernels.ts is; the same bytes every time. */
export async function compileKernels(): Promise<Uint8Array> {
  const source = await readFile(path.join(import.meta.dirname, 'kernels.ts'), 'utf8')
  let binary: Uint8Array | undefined
  const options = '-O3 --enable simd --runtime stub --noAssert --importMemory --noExportMemory'
  const { error, stderr } = await asc.main(
    ['kernels.ts', ...options.split(' '), '--outFile', 'kernels.wasm'],
    {
      readFile: (name) => (name === 'kernels.ts' ? source : null),
      writeFile: (name, contents) => {
        if (name === 'kernels.wasm') binary = contents as Uint8Array
      },
      listFiles: () => [],
    },
  )
  if (error || !binary) throw new Error(`assembly/kernels.ts does not compile:\n${stderr}`)
  return binary
}
