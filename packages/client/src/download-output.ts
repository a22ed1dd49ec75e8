import type { JobOutput } from '@longhaul/protocol'
import type { Connection } from './connection.ts'
import { networkReason, ServiceError, TransferError, UnreachableError } from './errors.ts'
import { pause } from './pause.ts'
import type { Hasher } from './sha256.ts'

/** Where downloaded bytes go. The download asks nothing of it but order: chunks come one after the other. */
export interface DownloadSink {
  /** Bytes kept from an earlier try. They are hashed again, and the download goes on after them. */
  kept?(): AsyncIterable<Uint8Array>
  write(chunk: Uint8Array): Promise<void> | void
  /** Forget every byte: the download starts again. */
  reset(): Promise<void> | void
}
export interface DownloadOptions {
  readonly onProgress?: ((receivedBytes: number, totalBytes: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}
export interface Downloaded {
  readonly sizeBytes: number
  readonly sha256: string
  readonly resumedBytes: number
}
type Wanted = Pick<JobOutput, 'name' | 'url' | 'size_bytes' | 'sha256'>

/** Streams one output into a sink, goes on by Range when the line breaks, and verifies size and SHA-256 at the end. */
export async function downloadOutput(
  connection: Connection,
  output: Wanted,
  sink: DownloadSink,
  newHasher: () => Hasher,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  let hasher = newHasher()
  let received = 0
  const startAgain = async (): Promise<void> => {
    hasher = newHasher()
    received = 0
    await sink.reset()
  }
  for await (const chunk of sink.kept?.() ?? []) {
    hasher.update(chunk)
    received += chunk.length
  }
  if (received > output.size_bytes) await startAgain()
  let resumedBytes = received

  for (let broken = 0; received < output.size_bytes;) {
    const before = received
    const response = await connection.send(output.url, {
      headers: received > 0 ? { range: `bytes=${received}-` } : {},
      signal: options.signal,
    })
    if (received > 0 && response.status !== 206) {
      await startAgain()
      resumedBytes = 0
    }
    try {
      for await (const chunk of response.body ?? []) {
        const bytes = chunk as Uint8Array
        await written(sink, bytes)
        hasher.update(bytes)
        received += bytes.length
        options.onProgress?.(received, output.size_bytes)
      }
    } catch (error) {
      options.signal?.throwIfAborted()
      if (error instanceof TransferError) throw error
      broken = received > before ? 1 : broken + 1
      if (broken > 5) throw new UnreachableError(connection.url, broken, error)
      await pause(200 * 2 ** broken, options.signal)
      continue
    }
    if (received !== output.size_bytes) {
      await sink.reset()
      throw new TransferError(
        'size',
        `${output.name}: ${received} bytes arrived, ${output.size_bytes} were announced; download it again`,
      )
    }
  }

  const digest = hasher.digestHex()
  if (digest === output.sha256) return { sizeBytes: received, sha256: digest, resumedBytes }
  await sink.reset()
  // What was kept may be of another file; only a mismatch of fresh bytes is the service's or the line's.
  if (resumedBytes > 0)
    return downloadOutput(connection, output, withoutKept(sink), newHasher, options)
  throw new TransferError(
    'checksum',
    `${output.name}: SHA-256 is ${digest}, the service says ${output.sha256}; nothing was kept, download it again`,
  )
}

async function written(sink: DownloadSink, chunk: Uint8Array): Promise<void> {
  try {
    await sink.write(chunk)
  } catch (cause) {
    if (cause instanceof TransferError || cause instanceof ServiceError) throw cause
    throw new TransferError('local', `Cannot write here: ${networkReason(cause)}`, { cause })
  }
}

const withoutKept = (sink: DownloadSink): DownloadSink => ({
  write: (chunk) => sink.write(chunk),
  reset: () => sink.reset(),
})
