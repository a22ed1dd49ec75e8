import path from 'node:path'
import { readConfig, schemaState, upgradeSchema, type SchemaState } from '../../app/index.ts'
import { defineCommand } from '../command.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import type { Output } from '../output.ts'
import { didYouMean } from '../../support/nearest.ts'

const verbs = ['status', 'upgrade', 'copy']

export const db = defineCommand({
  name: 'db',
  usage: 'status | upgrade | copy --to URL',
  summary:
    'The schema of the database: how it is, bringing it up to date, and the way to PostgreSQL.',
  more: `upgrade copies the database first, and says nothing to do when it is up to date; a service does the same when it starts. A database that a
newer version has changed is refused. The way back: docs/guides/upgrading.md.
copy takes the embedded instance, stopped, to PostgreSQL and the store of S3_*: docs/guides/from-laptop-to-cluster.md.`,
  options: {
    data: {
      type: 'string',
      value: 'DIR',
      help: 'the data directory; else LONGHAUL_DATA, else ./.longhaul',
    },
    'dry-run': { type: 'boolean', help: 'say what would be done, and change nothing' },
    to: { type: 'string', value: 'URL', help: 'copy: the new database; else DATABASE_URL' },
    'discard-uploads': { type: 'boolean', help: 'copy: give up uploads that are not complete' },
    verify: { type: 'boolean', help: 'copy: read every object once more and compare' },
  },
  async run({ words: [verb = 'status', ...more], options, ...context }) {
    if (!verbs.includes(verb) || more.length > 0)
      throw new UsageError(`db status, upgrade or copy, not ${verb}${didYouMean(verb, verbs)}`)
    if (verb === 'copy') {
      const { dbCopy } = await import('./db-copy.ts')
      return dbCopy(options, context)
    }
    const { output, cwd, env } = context
    const dataDir = options.data === undefined ? undefined : path.resolve(cwd, options.data)
    const config = readConfig({ dataDir }, env)
    const before = await schemaState(config)
    if (verb === 'status' || options['dry-run'] === true || before.pending.length === 0) {
      report(before, output)
      return exitCode.done
    }
    await upgradeSchema(config)
    for (const { name } of before.pending) output.data(name)
    const after = await schemaState(config)
    output.object('schema', { ...after, applied: before.pending })
    output.say(
      `  ${before.where} is up to date${before.exists ? '; how it was is kept beside it' : ''}`,
    )
    return exitCode.done
  },
})

function report(state: SchemaState, output: Output): void {
  const { where, kind, exists, pending } = state
  for (const { name } of pending) output.data(name)
  output.object('schema', state)
  const todo =
    pending.length === 0
      ? 'up to date'
      : !exists
        ? 'not there yet; the first start makes it'
        : `${pending.length} ${pending.length === 1 ? 'migration' : 'migrations'} behind; longhaul db upgrade applies them, after a copy`
  output.say(`  ${where} (${kind}): ${todo}`)
}
