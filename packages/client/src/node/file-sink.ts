import { createReadStream } from 'node:fs'
import { open, truncate } from 'node:fs/promises'
import type { DownloadSink } from '../download-output.ts'

export interface FileSink extends DownloadSink {
  /** Bytes are on the disk when it resolves. */
  close(): Promise<void>
}

/** Writes a download to `file`; what an earlier download left there is kept, and the rest asked for. */
export async function fileSink(file: string): Promise<FileSink> {
  const handle = await open(file, 'a')
  return {
    async *kept() {
      for await (const chunk of createReadStream(file)) yield chunk as Uint8Array
    },
    write: async (chunk) => {
      await handle.appendFile(chunk)
    },
    reset: () => truncate(file, 0),
    close: async () => {
      await handle.sync()
      await handle.close()
    },
  }
}
