import { z } from 'zod'
import { defineProcessor, type Processor } from '../processor/index.ts'
import { extractionQueue } from './archives.ts'
import { extractArchive, type ExtractionHost } from './extract-archive.ts'

/** On one machine. */
export const extractionsAtOnce = 2

/** The longest extraction of the largest archive; one that hangs ends sooner, by its silence. */
const timeout = '24 h'
const silence = '15 min'

/** What a worker runs extractions with. It is a processor like any other, only that nobody serves it. */
export const extractionProcessor = (host: ExtractionHost): Processor =>
  defineProcessor({
    name: extractionQueue,
    version: '1',
    description: 'Makes files of an archive',
    input: {
      key: z.string(),
      name: z.string(),
      format: z.enum(['zip', 'tar', 'tar.gz', 'tar.zst']),
      prefix: z.string(),
    },
    ...{ timeout, silence },
    retry: { attempts: 3 },
    reuse: false,
    runner: 'inline',
    run: (ctx) => extractArchive(host, ctx as never),
  })
