import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { LonghaulError } from '../errors/index.ts'

/**
 * The real path of a file that the processor names. Links are followed before the check: what it gives away or keeps lies in
 * the attempt's own folder. Throws 'permanent', beginning with `what`.
 */
export async function containedFile(
  workspace: string,
  file: string,
  what: string,
): Promise<{ readonly real: string; readonly size: number }> {
  // Where nobody has asked for the folder, it is not there, and nothing is inside it.
  const root = await realpath(workspace).catch(() => path.resolve(workspace))
  const name = `${what} ${path.basename(file)}`
  const real = await realpath(path.resolve(root, file)).catch((cause: unknown) => {
    throw new LonghaulError('permanent', `${name} does not exist.`, { cause })
  })
  const found = await stat(real)
  if (!real.startsWith(root + path.sep) || !found.isFile())
    throw new LonghaulError('permanent', `${name} must be a file inside the workspace.`)
  return { real, size: found.size }
}
