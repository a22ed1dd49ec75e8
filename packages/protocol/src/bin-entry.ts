import { z } from 'zod'

/** Files that belong together: an instrument's `.adc`, `.roi` and `.hdr` of one sample. */
export const binEntry = z.object({
  bin_id: z.string(),
  files: z.array(z.string()).length(3),
  bytes: z.int().min(0),
  /** Of the files' bytes, one after the other; checked before the processor sees them. */
  sha256: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/)
    .nullish(),
})
export type BinEntry = z.infer<typeof binEntry>
