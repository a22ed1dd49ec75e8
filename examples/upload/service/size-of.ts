import { defineProcessor, file, z } from 'longhaul'

/** Something that large files are sent to; the demo is about their way here. */
export default defineProcessor({
  name: 'size-of',
  version: '1.0.0',
  input: { file: file() },
  output: { bytes: z.int() },
  runner: 'inline',
  run: ({ input }) => Promise.resolve({ bytes: input.file.size }),
})
