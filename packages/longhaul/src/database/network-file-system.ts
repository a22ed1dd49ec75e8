import { readFile, realpath } from 'node:fs/promises'

/** Their locks and shared memory do not reach from host to host: two writers would destroy the file. */
const networkTypes =
  /^(nfs\d?|cifs|smb\d?|smbfs|ncpfs|afs|ceph|lustre|beegfs|glusterfs|fuse\.(sshfs|glusterfs|ceph|s3fs|rclone|goofys|smbnetfs))$/

/** The type of a folder's file system if it is one over a network, as far as the system tells. */
export async function networkFileSystemOf(folder: string): Promise<string | undefined> {
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => undefined)
  if (mounts === undefined) return undefined
  const type = mountTypeOf(mounts, await realpath(folder))
  return type !== undefined && networkTypes.test(type) ? type : undefined
}

/** The type of the mount that holds an absolute path. Later lines cover earlier ones. */
export function mountTypeOf(mounts: string, path: string): string | undefined {
  let best: { readonly point: string; readonly type: string } | undefined
  for (const line of mounts.split('\n')) {
    const [, escaped, type] = line.split(' ')
    if (escaped === undefined || type === undefined) continue
    // Spaces and the like are written as three octal digits.
    const point = escaped.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    )
    const inside = path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`)
    if (inside && point.length >= (best?.point.length ?? 0)) best = { point, type }
  }
  return best?.type
}
