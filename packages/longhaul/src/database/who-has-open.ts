import { readdir, readlink, realpath } from 'node:fs/promises'

/** Other processes of this machine that have a file open, as far as this user may know. Nothing where there is no /proc. */
export async function whoHasOpen(file: string): Promise<readonly number[]> {
  const target = await realpath(file)
  const found: number[] = []
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
    const folder = `/proc/${name}/fd`
    const open = await readdir(folder).catch(() => [])
    const links = await Promise.all(
      open.map((one) => readlink(`${folder}/${one}`).catch(() => undefined)),
    )
    if (links.includes(target)) found.push(Number(name))
  }
  return found
}
