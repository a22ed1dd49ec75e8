/** `node assembly/build.ts`: compiles the kernels into src/kernels/simd-binary.ts, which is kept in the repository. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { compileKernels } from './compile.ts'

const target = path.join(import.meta.dirname, '../src/kernels/simd-binary.ts')
const binary = await compileKernels()
await writeFile(
  target,
  `/** Made from assembly/kernels by assembly/build.ts; a test compares them. */
export const simdBinary =
  '${Buffer.from(binary).toString('base64')}'
`,
)
console.log(`${binary.length} bytes in ${path.relative(process.cwd(), target)}`)
