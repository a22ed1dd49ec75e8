import { readMigrations, whoHasOpen, type TableReader } from '../../database/index.ts'
import { LonghaulError } from '../../errors/index.ts'

/**
 * Only what nobody works on can be moved: a service that goes on would take jobs and settle others behind the copy's back.
 * Everything that is in the way is told at once.
 */
export async function checkSource(
  reader: TableReader,
  file: string,
  bucket: string,
  discardUploads: boolean,
): Promise<{ readonly openUploads: number }> {
  const known = Math.max(...readMigrations().map(({ no }) => no))
  if (reader.schema !== known)
    throw new LonghaulError(
      'database-unusable',
      reader.schema > known
        ? `${file} has schema ${reader.schema}, this version of longhaul knows ${known} at most; copy it with the version that wrote it.`
        : `${file} has schema ${reader.schema}, ${known} is wanted; start the service once with this version, or run longhaul db upgrade.`,
    )
  // Results name their objects by `s3://<bucket>/…`: under another name they would lead nowhere.
  const elsewhere = reader.count(
    `FROM job WHERE instr(result, '"uri":"s3://') > 0 AND instr(result, ?) = 0`,
    `"uri":"s3://${bucket}/`,
  )
  if (elsewhere > 0)
    throw new LonghaulError(
      'invalid-config',
      `The outputs of ${elsewhere} jobs are not called s3://${bucket}/…; set S3_BUCKET to the name it had until now, for the copy and for the service after it.`,
    )
  const inTheWay: string[] = []
  const processes = await whoHasOpen(file)
  if (processes.length > 0)
    inTheWay.push(
      `process ${processes.join(', ')} has it open; stop the service (SIGTERM drains it)`,
    )
  const running = reader.count(`FROM job WHERE state = 'running'`)
  if (running > 0)
    inTheWay.push(
      `${running} jobs are marked as running; start the service once more and stop it with SIGTERM`,
    )
  const publishing = reader.count(`FROM job WHERE state = 'queued' AND publishing IS NOT NULL`)
  if (publishing > 0)
    inTheWay.push(
      `${publishing} jobs have outputs yet to publish; start the service once more until they have ended`,
    )
  const openUploads = reader.count(`FROM upload WHERE state = 'open'`)
  if (openUploads > 0 && !discardUploads)
    inTheWay.push(
      `${openUploads} uploads are not complete, and their parts stay behind; wait for them, or --discard-uploads`,
    )
  if (inTheWay.length > 0)
    throw new LonghaulError(
      'data-in-use',
      `${file} cannot be copied now: ${inTheWay.join('. ')}.`,
      {
        facts: { in_the_way: inTheWay },
      },
    )
  return { openUploads }
}
