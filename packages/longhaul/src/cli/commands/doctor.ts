import path from 'node:path'
import { openInstance, readConfig, schemaState } from '../../app/index.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { table } from '../format/table.ts'
import { writeBundle } from '../doctor/bundle.ts'
import { bad, examine, ok, type Finding } from '../doctor/finding.ts'
import { examineDatabase, examineLeftovers } from '../doctor/instance.ts'
import { examineMachine } from '../doctor/machine.ts'
import { examineService } from '../doctor/service.ts'
import { examineStore } from '../doctor/store.ts'
import { examineVolume } from '../doctor/volume.ts'

const signs = { ok: '✓', note: '·', bad: '✗' }

export const doctor = defineCommand({
  name: 'doctor',
  usage: '[--fix] [--bundle FILE]',
  summary: 'Examines the machine, the data directory, database, store and service; one verdict.',
  more: `Run it on the host in question, with the environment of its service. Ends with 0 when nothing is wrong, else with 1.
--fix does only what is safe in any state: it ends processes of dead workers and sets counters right.`,
  options: {
    data: {
      type: 'string',
      value: 'DIR',
      help: 'the data directory; else LONGHAUL_DATA, else ./.longhaul',
    },
    fix: { type: 'boolean', help: 'do what is safe' },
    bundle: {
      type: 'string',
      value: 'FILE',
      help: 'write what was found into a tar, without secrets, for a bug report',
    },
    ...serviceOptions,
  },
  async run({ words, options, output, cwd, env }) {
    if (words.length > 0) throw new UsageError(`doctor takes no words, got ${words.join(' ')}`)
    const dataDir = options.data === undefined ? undefined : path.resolve(cwd, options.data)
    const config = readConfig({ dataDir }, env)
    const findings: Finding[] = [
      ...(await examine('machine', () => examineMachine(config))),
      ...(await examine('data directory', () => examineVolume(config))),
    ]
    const schema = await examine('schema', async () => [await examineSchema()])
    findings.push(...schema)
    if (schema.every(({ level }) => level === 'ok')) {
      const opened = await examine('database', async () => {
        await using instance = await openInstance({ dataDir })
        const found = [
          ...(await examine('database', () => examineDatabase(instance))),
          ...(await examine('store', () => examineStore(instance))),
          ...(await examine('leftovers', () => examineLeftovers(instance))),
        ]
        return options.fix === true ? await Promise.all(found.map(fixed)) : found
      })
      findings.push(...opened)
    }
    const url = options.url ?? (env['LONGHAUL_URL'] || undefined)
    const token = options.token ?? (env['LONGHAUL_TOKEN'] || undefined)
    findings.push(...(await examine('service', () => examineService(url, token))))

    for (const line of table(
      findings.map((one) => [`  ${signs[one.level]}`, one.what, one.detail]),
    ))
      output.data(line)
    for (const { what, level, detail, fix } of findings)
      output.object('finding', { what, level, detail, fixable: fix !== undefined })
    const wrong = findings.filter(({ level }) => level === 'bad')
    if (options.bundle !== undefined) {
      const file = path.resolve(cwd, options.bundle)
      await writeBundle(file, config, findings)
      output.say(`  ${file}: what was found, without secrets; look into it before you send it`)
    }
    output.object('verdict', { wrong: wrong.length })
    output.say(
      wrong.length === 0
        ? '  nothing is wrong'
        : `  ${wrong.length} ${wrong.length === 1 ? 'thing is' : 'things are'} wrong, ${wrong[0]!.what} first`,
    )
    return wrong.length === 0 ? exitCode.done : exitCode.failed

    async function examineSchema(): Promise<Finding> {
      const { pending, exists, where } = await schemaState(config)
      if (!exists)
        return bad(
          'schema',
          `${where}: there is no database yet; a service makes it when it starts`,
        )
      if (pending.length === 0) return ok('schema', 'up to date')
      return bad(
        'schema',
        `${pending.length} migrations behind this version: longhaul db upgrade, or start the service`,
      )
    }
  },
})

/** What could be put right is not wrong any more. */
async function fixed(finding: Finding): Promise<Finding> {
  if (finding.fix === undefined) return finding
  return ok(finding.what, `${finding.detail}; ${await finding.fix()}`)
}
