import { ingestBinsStart, ingestStart } from '@longhaul/protocol'
import { z } from 'zod'
import { boundedList, invalidRequest, laxInteger, parseRequest } from '../validation/index.ts'
import { refuseTwins } from './parse-manifest.ts'

/** A file that is to be uploaded, of a bin or of none. */
export interface AnnouncedFile {
  readonly bin?: string
  readonly filename: string
  readonly sizeBytes: number
}

const maxFiles = 10_000
// Clients of the older systems may send integers in several spellings.
const { element } = ingestStart.shape.files
const file = element.extend({ size_bytes: laxInteger(element.shape.size_bytes) })
const files = boundedList(file, { min: 1, max: maxFiles })
const bin = ingestBinsStart.shape.bins.element.extend({ files })
const common = { processor: z.string().nullish() }
export const filesStart = ingestStart.extend({ files, ...common })
export const binsStart = ingestBinsStart.extend({
  bins: boundedList(bin, { min: 1, max: maxFiles }),
  ...common,
})

/** The body of a start has `files` or `bins`: which, decides in which form mistakes are named, and the answer given. */
export function parseIngestStart(body: unknown): {
  readonly files: readonly AnnouncedFile[]
  readonly bins: boolean
  readonly processor: string | undefined
  readonly callbackUrl: string | undefined
} {
  const given = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  if (given['bins'] == null) {
    const { files, ...others } = parseRequest(filesStart, body, 'body')
    return { files: files.map(toFile), bins: false, ...optionsOf(others) }
  }
  if (given['files'] != null)
    throw invalid('value_error', 'Input should have files or bins, not both')
  const { bins, ...others } = parseRequest(binsStart, body, 'body')
  const all = bins.flatMap(({ bin_id, files }) =>
    files.map((one) => ({ bin: bin_id, ...toFile(one) })),
  )
  if (all.length > maxFiles)
    throw invalid('too_long', `All bins together should have at most ${maxFiles} files`)
  refuseTwins(bins.map(({ bin_id }) => bin_id))
  return { files: all, bins: true, ...optionsOf(others) }
}

const optionsOf = (said: {
  readonly processor?: string | null | undefined
  readonly callback_url?: string | null | undefined
}) => ({ processor: said.processor ?? undefined, callbackUrl: said.callback_url || undefined })

const toFile = ({ filename, size_bytes }: z.infer<typeof file>) => ({
  filename,
  sizeBytes: size_bytes,
})

const invalid = (type: string, msg: string) =>
  invalidRequest([{ type, loc: ['body', 'bins'], msg }])
