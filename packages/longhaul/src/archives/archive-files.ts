import type { ObjectStore } from '../storage/index.ts'
import type { ArchiveFormat, ArchiveLimits } from './archives.ts'
import { EntryNames } from './entry-names.ts'
import type { MemberSource } from './member.ts'
import { OutputMeter } from './output-meter.ts'
import { StoredBytes } from './stored-bytes.ts'
import { tarMembers } from './tar-members.ts'
import { zipMembers } from './zip-members.ts'

/** One file of an archive, with a name that may be part of a key. Read to its end before the next is asked for. */
export interface ArchiveFile {
  /** From 0, in the order of the archive. */
  readonly index: number
  readonly name: string
  readonly sizeBytes: number
  readonly body: AsyncIterable<Uint8Array>
}

/** The files of an archive that keeps to every rule; throws 'archive-refused' where one is broken. */
export async function* archiveFiles(
  storage: Pick<ObjectStore, 'get'>,
  source: MemberSource & { readonly format: ArchiveFormat },
  limits: ArchiveLimits & { readonly maxNameBytes: number },
): AsyncGenerator<ArchiveFile> {
  const bytes = new StoredBytes(storage, source)
  const meter = new OutputMeter(limits)
  const names = new EntryNames(limits)
  const { format } = source
  const members =
    format === 'zip' ? zipMembers(bytes, limits, meter) : tarMembers(bytes, format, meter)
  let index = 0
  for await (const member of members) {
    meter.entry(member.name)
    const name = names.take(member.name, member.kind)
    if (member.kind === 'folder') continue
    const body = meter.file(member.name, member.body)
    yield { index: index++, name, sizeBytes: member.sizeBytes, body }
  }
}
