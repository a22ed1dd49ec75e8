import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Client } from '@longhaul/client'
import { fileSink } from '@longhaul/client/node'
import type { JobOutput } from '@longhaul/protocol'
import { UsageError } from './exit-code.ts'
import { bytes } from './format/quantity.ts'
import { transferLine } from './format/transfer-line.ts'
import type { Output } from './output.ts'

export interface FetchOptions {
  /** Where the files go; made when it is not there. */
  readonly folder: string
  readonly cwd: string
  /** Files that must not be overwritten: the inputs. */
  readonly keep?: readonly string[]
  readonly signal?: AbortSignal
}

/** Fetches outputs one after the other: each is verified before it has its name, and what is there and equal is left alone. */
export async function fetchOutputs(
  client: Client,
  outputs: readonly JobOutput[],
  output: Output,
  options: FetchOptions,
): Promise<void> {
  for (const wanted of outputs) {
    const target = containedPath(options.folder, wanted.name)
    if (options.keep?.includes(target)) {
      throw new UsageError(
        `${wanted.name} is an input in ${options.folder}; choose another folder with --out DIR`,
      )
    }
    const there =
      (await sizeOf(target)) === wanted.size_bytes && (await sha256Of(target)) === wanted.sha256
    if (!there) await fetchOutput(client, wanted, target, output, options.signal)
    report(wanted, target, there, output, options.cwd)
  }
}

async function fetchOutput(
  client: Client,
  wanted: JobOutput,
  target: string,
  output: Output,
  signal: AbortSignal | undefined,
): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true })
  // Named by its digest, so that what an interrupted download left is only ever continued with the same bytes.
  const part = `${target}.${wanted.sha256.slice(0, 8)}.part`
  const line = transferLine(wanted.name)
  const sink = await fileSink(part)
  try {
    await client.download(wanted, sink, {
      signal,
      onProgress: (received, total) => output.live(line(received, total)),
    })
  } finally {
    await sink.close()
    output.settle()
  }
  await rename(part, target)
}

function report(
  wanted: JobOutput,
  target: string,
  there: boolean,
  output: Output,
  cwd: string,
): void {
  const shown = path.relative(cwd, target) || target
  const file = shown.startsWith('..') ? target : shown
  const facts = `${bytes(wanted.size_bytes)}  sha256 ${wanted.sha256.slice(0, 4)}… ${there ? 'already there' : 'verified'}`
  output.object('file', {
    path: target,
    name: wanted.name,
    size_bytes: wanted.size_bytes,
    sha256: wanted.sha256,
    fetched: !there,
  })
  // A person reads one line; a pipe gets the path alone, and the words beside it.
  if (output.terminal) return output.data(`  ${file}  ${facts}`)
  output.data(file)
  output.say(`  ${file}  ${facts}`)
}

/** A name that came over the wire stays below the folder, whatever it says. */
function containedPath(folder: string, name: string): string {
  const target = path.resolve(folder, name)
  const inside = path.relative(folder, target)
  if (inside === '' || inside.startsWith('..') || path.isAbsolute(inside)) {
    throw new UsageError(
      `The output ${JSON.stringify(name)} would leave ${folder}; it was not fetched`,
    )
  }
  return target
}

const sizeOf = async (file: string): Promise<number | undefined> => {
  const found = await stat(file).catch(() => undefined)
  return found?.isFile() ? found.size : undefined
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
