import { parseByteSize } from '../../support/byte-size.ts'
import { wholeNumber } from '../arguments.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { dryRun } from '../put/dry-run.ts'
import { filesToPut } from '../put/files-to-put.ts'
import { putFiles } from '../put/put-files.ts'
import { openService } from '../service.ts'
import { notesOf } from '../upload-memory.ts'

/** About two minutes, in which a service can be started again. */
const patience = { tries: 28, longestPauseMs: 5000 }

export const put = defineCommand({
  name: 'put',
  usage: 'FILE… | FOLDER…',
  summary: 'Uploads files and folders, and prints the id and the name of each.',
  more: `Parts go several at once, each with its SHA-256. After Ctrl-C, a kill, a reboot, or a restart of the service the same command
sends only what is missing. Files of a folder keep their places below it in their names.

longhaul put scans/ run7.h5
longhaul submit segment image:='{"upload_id":"…"}'`,
  options: {
    ...serviceOptions,
    parallel: { type: 'string', value: 'N', help: 'files at once, and parts of each; 3' },
    'part-size': {
      type: 'string',
      value: 'SIZE',
      help: 'of new uploads, as in 4MB: small parts lose less where a line breaks often',
    },
    'dry-run': { type: 'boolean', help: 'only name what would be sent' },
  },
  async run({ words, options, ...context }) {
    const { output, cwd, env } = context
    const parallel = wholeNumber('parallel', options.parallel, 1) ?? 3
    const partBytes = sizeOf(options['part-size'])
    const files = await filesToPut(words, cwd)
    const client = openService(context, options, patience)
    const memory = notesOf(env)
    if (options['dry-run'] === true) {
      await dryRun(client, files, memory, output)
      return exitCode.done
    }
    const signal = context.interruption()
    return putFiles(client, files, memory, output, { parallel, partBytes, signal })
  },
})

export const upload: typeof put = { ...put, name: 'upload' }

function sizeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  try {
    return parseByteSize(text)
  } catch (error) {
    throw new UsageError(`--part-size: ${(error as Error).message}`)
  }
}
