import { binEntry, jobId, manifestSubmission, type submissionOptions } from '@longhaul/protocol'
import { z } from 'zod'
import { LonghaulError } from '../errors/index.ts'
import { isLinesOfJson } from '../outbound/index.ts'
import type { JsonObject } from '../support/json.ts'
import { boundedList, parseRequest } from '../validation/index.ts'
import type { Bin, Manifest } from './job.ts'

const maxFiles = 100_000
const common = {
  // It was parsed from JSON a moment ago: to ask of each value whether it is JSON would take seconds.
  parameters: z.record(z.string(), z.unknown()).nullish(),
  depends_on: boundedList(jobId, { max: 1000 }).optional(),
}
const withFiles = manifestSubmission.extend({
  manifest_inline: z
    .object({ files: boundedList(z.string(), { min: 1, max: maxFiles }) })
    .nullish(),
  ...common,
})
const withBins = manifestSubmission.extend({
  manifest_inline: z.object({ bins: boundedList(binEntry, { max: 33_000 }) }),
  ...common,
})

/** A body that names a manifest. Which form it has inline is told by its key, so that mistakes are named in that form. */
export function parseManifest(
  body: unknown,
  fields: Readonly<Record<string, unknown>>,
): {
  readonly manifest: Manifest
  readonly parameters: JsonObject
  readonly options: z.infer<typeof submissionOptions>
} {
  const given = fields['manifest_inline']
  const inline = typeof given === 'object' && given !== null ? given : {}
  if ('bins' in inline && 'files' in inline)
    throw new LonghaulError(
      'ambiguous-job',
      'manifest_inline has files and bins; keep one of them.',
    )
  const parsed = parseRequest('bins' in inline ? withBins : withFiles, body, 'body')
  const { manifest_uri: uri, manifest_inline: listed, parameters, ...rest } = parsed
  if (uri != null && listed != null)
    throw new LonghaulError(
      'ambiguous-job',
      'The body has manifest_uri and manifest_inline; keep one of them.',
    )
  // Clients of system B send null for what they do not want.
  const options = Object.fromEntries(Object.entries(rest).filter(([, value]) => value != null))
  return {
    manifest: toManifest(uri, listed),
    parameters: (parameters ?? {}) as JsonObject,
    options,
  }
}

function toManifest(
  uri: string | null | undefined,
  listed: { files: string[] } | { bins: z.infer<typeof binEntry>[] } | null | undefined,
): Manifest {
  if (uri != null) return { uri }
  if (listed == null)
    throw new LonghaulError(
      'manifest-required',
      'Say what to process: manifest_inline, manifest_uri, or {"input": {…}}.',
    )
  if ('files' in listed) return { files: listed.files }
  refuseTwins(listed.bins.map(({ bin_id }) => bin_id))
  return {
    bins: listed.bins.map(({ sha256, ...bin }): Bin => (sha256 == null ? bin : { ...bin, sha256 })),
  }
}

/** Masks and rows are found again by the id of their bin. */
export function refuseTwins(ids: readonly string[]): void {
  const seen = new Set<string>()
  for (const id of ids) {
    if (seen.has(id))
      throw new LonghaulError(
        'duplicate-bin',
        `There are two bins ${JSON.stringify(id.slice(0, 80))}; give each its own bin_id.`,
        { facts: { bin_id: id.slice(0, 80) } },
      )
    seen.add(id)
  }
}

/** Whether it is certain, before anything is read, that the files come in bins. */
export const namesBins = (manifest: Manifest): boolean =>
  'bins' in manifest || ('uri' in manifest && isLinesOfJson(manifest.uri))
