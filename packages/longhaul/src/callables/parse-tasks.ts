import path from 'node:path'
import { z } from 'zod'
import { LonghaulError } from '../errors/index.ts'
import { callable, type CallableSource } from './callable-sources.ts'

const names = z.record(z.string(), z.string())
/** The list itself, or below one word. */
const tasksFile = z.union([
  names,
  z.object({ tasks: names }).transform(({ tasks }) => tasks),
  z.object({ callables: names }).transform(({ callables }) => callables),
])

/** `tasks.yml`: name → `module:callable`; modules are looked for beside it. Throws 'invalid-config'. */
export async function parseTasks(text: string, file: string): Promise<readonly CallableSource[]> {
  const { parseDocument } = await import('yaml') // for those who have such a file
  const name = path.basename(file)
  const document = parseDocument(text)
  const [error] = document.errors
  if (error !== undefined) throw new LonghaulError('invalid-config', `${name}: ${error.message}`)
  const parsed = tasksFile.safeParse(document.toJS({ maxAliasCount: 100 }))
  if (!parsed.success || Object.keys(parsed.data).length === 0)
    throw new LonghaulError(
      'invalid-config',
      `${name} lists what may be called, one a line: name: module:callable`,
    )
  const folder = path.dirname(path.resolve(file))
  return Object.entries(parsed.data).map(([task, entrypoint]) => callable(task, entrypoint, folder))
}
