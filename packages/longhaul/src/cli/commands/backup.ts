import path from 'node:path'
import { openEngine, openInstance } from '../../app/index.ts'
import { backUp } from '../../backup/index.ts'
import { defineCommand } from '../command.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { bytes, count, counted } from '../format/quantity.ts'

export const backup = defineCommand({
  name: 'backup',
  usage: 'DIR',
  summary:
    'Copies an embedded instance into an empty folder while it works; every file with its digest.',
  more: `The database first, then the objects: linked where DIR lies on the same volume (that protects against deletion, not against the
disk), copied elsewhere. Uploads that are not complete stay behind. A folder without manifest.json is no backup.
PostgreSQL and S3 have their own tools: docs/guides/operating.md.

longhaul backup /backups/$(date +%F-%H%M)`,
  options: {
    data: {
      type: 'string',
      value: 'DIR',
      help: 'the data directory; else LONGHAUL_DATA, else ./.longhaul',
    },
  },
  async run({ words: [word, ...more], options, output, cwd }) {
    if (word === undefined || more.length > 0)
      throw new UsageError('Where to? longhaul backup DIR; one folder for each backup')
    const folder = path.resolve(cwd, word)
    const dataDir = options.data === undefined ? undefined : path.resolve(cwd, options.data)
    await using instance = await openInstance({ dataDir })
    const { config, embedded, engine, storage } = instance
    if (embedded === undefined)
      throw new UsageError(
        'The database is on a server (DATABASE_URL): back it up with its own tools, such as pg_dump',
      )
    if (folder === config.dataDir || folder.startsWith(config.dataDir + path.sep))
      throw new UsageError(`${folder} lies in the data directory; a backup belongs elsewhere`)
    const { manifest, missing } = await backUp(
      { config, database: embedded, engine, storage, openCopy: openEngine },
      folder,
      (objects, done) => output.live(`backup  ${count(objects)} objects  ${bytes(done)}`),
    )
    output.settle()
    const { objects, deleted_meanwhile } = manifest
    output.data(folder)
    output.object('backup', { folder, ...manifest, missing })
    const linked = objects.linked === 0 ? '' : `, ${count(objects.linked)} linked and not copied`
    output.say(
      `  database ${bytes(manifest.database.size)}, ${counted(objects.count, 'object')} of ${bytes(objects.bytes)}${linked}`,
    )
    if (deleted_meanwhile.length > 0)
      output.say(
        `  ${counted(deleted_meanwhile.length, 'output')} deleted with the job while it was made; the manifest has the names`,
      )
    for (const { job_id, key } of missing.slice(0, 20))
      output.complain(
        `longhaul: job ${job_id} has lost its output ${key}: it is not in the store any more`,
      )
    return missing.length === 0 ? exitCode.done : exitCode.someFailed
  },
})
