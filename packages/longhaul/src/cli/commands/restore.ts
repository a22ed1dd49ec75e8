import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { makeDataFolder, openInstance } from '../../app/index.ts'
import { restoreDatabase, restoreObjects, verifyBackup } from '../../backup/index.ts'
import { defineCommand } from '../command.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { bytes, count, counted } from '../format/quantity.ts'
import { table } from '../format/table.ts'

export const restore = defineCommand({
  name: 'restore',
  usage: 'BACKUP --to DIR | BACKUP --verify',
  summary:
    'Makes a data directory of a backup, comparing every file with its digest; or compares only.',
  more: `Jobs that had not ended are listed, and their queues are paused: since the backup they may have ended, and an answer may have been
given. \`longhaul resume QUEUE\` lets them run again, --rerun does so at once. What they do begins anew where an upload is missing.

longhaul restore /backups/2026-11-23 --to ./restored && longhaul serve thumbs.py --data ./restored`,
  options: {
    to: { type: 'string', value: 'DIR', help: 'the new data directory; it must be empty' },
    verify: { type: 'boolean', help: 'only read the backup and compare' },
    rerun: { type: 'boolean', help: 'unfinished jobs may start at once' },
  },
  async run({ words: [word, ...more], options, output, cwd }) {
    if (word === undefined || more.length > 0)
      throw new UsageError('Which backup? longhaul restore BACKUP --to DIR')
    const folder = path.resolve(cwd, word)
    if (options.to === undefined) {
      if (options.verify !== true)
        throw new UsageError('Where to? --to DIR, or --verify to compare only')
      const manifest = await verifyBackup(folder, (files) =>
        output.live(`verify  ${count(files)} files`),
      )
      output.settle()
      output.data(folder)
      output.object('verified', { folder, ...manifest })
      output.say(
        `  made ${manifest.made_at}: every file is as it was (${counted(manifest.objects.count, 'object')}, ${bytes(manifest.objects.bytes)})`,
      )
      return exitCode.done
    }
    const dataDir = path.resolve(cwd, options.to)
    await makeDataFolder(dataDir)
    if ((await readdir(dataDir)).length > 0)
      throw new UsageError(`${dataDir} is not empty; restore into a folder of its own`)
    const manifest = await restoreDatabase(folder, dataDir)
    await using instance = await openInstance({ dataDir }, { create: true, local: true })
    const restored = await restoreObjects(
      folder,
      manifest,
      { engine: instance.engine, storage: instance.storage, dataDir },
      {
        rerun: options.rerun === true,
        onProgress: (files) => output.live(`restore  ${count(files)} objects`),
      },
    )
    output.settle()
    const { unfinished, paused } = restored
    output.data(dataDir)
    output.object('restored', {
      folder,
      data: dataDir,
      made_at: manifest.made_at,
      objects: restored.objects,
      bytes: restored.bytes,
      paused,
      unfinished: unfinished.map(({ id, processor, state }) => ({
        job_id: id,
        processor,
        status: state,
      })),
    })
    output.say(
      `  as of ${manifest.made_at}: ${counted(restored.objects, 'object')}, ${bytes(restored.bytes)}, every digest as it was`,
    )
    if (unfinished.length === 0) return exitCode.done
    output.say(`  ${counted(unfinished.length, 'job')} had not ended then, and may have since:`)
    const rows = unfinished
      .slice(0, 20)
      .map(({ id, processor, state }) => [`    ${id}`, processor, state])
    for (const line of table(rows)) output.say(line)
    if (unfinished.length > 20) output.say(`    … --json has them all`)
    output.say(
      paused.length === 0
        ? '  they run again when the service starts (--rerun)'
        : `  on hold: when the service runs, longhaul resume ${paused.join(' ')} runs them again; longhaul cancel JOB does not`,
    )
    return exitCode.done
  },
})
