import path from 'node:path'
import { readConfig } from '../../app/index.ts'
import { isLonghaulError } from '../../errors/index.ts'
import type { Context } from '../command.ts'
import { exitCode, UsageError, type ExitCode } from '../exit-code.ts'
import { bytes } from '../format/quantity.ts'

export interface DbCopyOptions {
  readonly to?: string
  readonly data?: string
  readonly 'dry-run'?: boolean
  readonly 'discard-uploads'?: boolean
  readonly verify?: boolean
}

/** `longhaul db copy`: the embedded instance, stopped, into PostgreSQL and the store of `S3_*`. */
export async function dbCopy(options: DbCopyOptions, context: Context): Promise<ExitCode> {
  const { output, cwd, env } = context
  const databaseUrl = options.to ?? env['DATABASE_URL']
  if (!databaseUrl) throw new UsageError('Where to? --to postgres://USER:PASSWORD@HOST/DATABASE')
  const dataDir = options.data === undefined ? undefined : path.resolve(cwd, options.data)
  const config = readConfig({ dataDir, databaseUrl }, env)
  const dryRun = options['dry-run'] ?? false
  if (config.s3 === undefined)
    output.say('  S3_ENDPOINT_URL is not set: rows only; objects stay in the data directory.')
  const { moveData } = await import('../../app/move-data/index.ts')
  try {
    const moved = await moveData({
      config,
      databaseUrl,
      dryRun,
      discardUploads: options['discard-uploads'] ?? false,
      verify: options.verify ?? false,
      progress: (so) => output.live(`objects  ${so.objects}  ${bytes(so.bytes)}`),
    })
    output.settle()
    for (const { name, rows } of moved.tables) if (rows > 0) output.data(`${name}\t${rows}`)
    if (moved.objects) output.data(`objects\t${moved.objects.objects}`)
    output.object('copy', { dry_run: dryRun, ...moved })
    output.say(dryRun ? '  Nothing was changed; without --dry-run this is copied.' : done(moved))
    return exitCode.done
  } catch (error) {
    if (!isLonghaulError(error, 'data-in-use') && !isLonghaulError(error, 'target-not-empty'))
      throw error
    output.complain(`longhaul: ${error.message}`)
    output.object('error', {
      exit_code: exitCode.refused,
      code: error.code,
      message: error.message,
    })
    return exitCode.refused
  }
}

const done = ({ discardedUploads, objects }: Awaited<ReturnType<MoveData>>): string =>
  [
    `  Copied and compared; the data directory is as it was.`,
    objects && objects.alreadyThere > 0
      ? ` ${objects.alreadyThere} objects were there already.`
      : '',
    discardedUploads > 0 ? ` ${discardedUploads} incomplete uploads were given up.` : '',
    ' Start the service with the same DATABASE_URL and S3_*.',
  ].join('')
type MoveData = (typeof import('../../app/move-data/index.ts'))['moveData']
