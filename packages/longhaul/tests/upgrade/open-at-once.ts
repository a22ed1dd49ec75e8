import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

/** So many processes open one database at the same moment. Answers what each ended with: '' is well. */
export async function openAtOnce(where: string, processes: number): Promise<readonly string[]> {
  const children = Array.from({ length: processes }, () => {
    const program = path.join(import.meta.dirname, 'open-database.ts')
    const child = spawn(process.execPath, ['--conditions=longhaul-source', program, where])
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    const ended = once(child, 'close').then(([code]) => (code === 0 ? '' : `${code}: ${errors}`))
    return { child, ready: once(child.stdout, 'data'), ended }
  })
  await Promise.all(children.map(({ ready, ended }) => Promise.race([ready, ended])))
  for (const { child } of children) child.stdin.end('now\n')
  return Promise.all(children.map(({ ended }) => ended))
}
