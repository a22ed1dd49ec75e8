import path from 'node:path'
import { openInstance } from '../../app/index.ts'
import { findGarbage, removeGarbage, type Garbage } from '../../garbage/index.ts'
import { durationMs } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { bytes, count } from '../format/quantity.ts'
import { table } from '../format/table.ts'

const words: Readonly<Record<Garbage['kind'], string>> = {
  object: 'objects of jobs that are gone',
  upload: 'open uploads of jobs that have ended',
  workspace: 'workspaces of attempts that are over',
  log: 'logs of jobs that are gone',
}

export const gc = defineCommand({
  name: 'gc',
  usage: '--dry-run | --yes',
  summary:
    'Finds what belongs to no job any more, says how much it is and why, and deletes it when told.',
  more: `A running service is not in the way. What is younger than an hour is left alone: its job may just be coming.
On shared deployments, workspaces and logs are those of this host.`,
  options: {
    'dry-run': { type: 'boolean', help: 'only say' },
    yes: { type: 'boolean', help: 'delete it' },
    age: {
      type: 'string',
      value: 'TIME',
      help: 'leave alone what is younger; 1h unless said otherwise',
    },
    data: {
      type: 'string',
      value: 'DIR',
      help: 'the data directory; else LONGHAUL_DATA, else ./.longhaul',
    },
  },
  async run({ options, output, cwd }) {
    const { yes = false } = options
    if (yes === (options['dry-run'] === true))
      throw new UsageError('Say which: gc --dry-run only looks, gc --yes deletes')
    const minAgeMs = durationMs('age', options.age) ?? 60 * 60 * 1000
    const dataDir = options.data === undefined ? undefined : path.resolve(cwd, options.data)
    await using instance = await openInstance({ dataDir })
    const sums = new Map<Garbage['kind'], { items: number; bytes: number; example: string }>()
    for await (const garbage of findGarbage(instance, { minAgeMs })) {
      const name = nameOf(garbage)
      const sum = sums.get(garbage.kind) ?? {
        items: 0,
        bytes: 0,
        example: `${name}: ${garbage.why}`,
      }
      sums.set(garbage.kind, { ...sum, items: sum.items + 1, bytes: sum.bytes + garbage.bytes })
      output.object('garbage', {
        kind: garbage.kind,
        name,
        bytes: garbage.bytes,
        why: garbage.why,
        deleted: yes,
      })
      if (yes) await removeGarbage(instance.storage, garbage)
      output.live(`gc  ${count([...sums.values()].reduce((all, one) => all + one.items, 0))} found`)
    }
    output.settle()
    const rows = [...sums].map(([kind, sum]) => [
      `  ${bytes(sum.bytes)}`,
      `${count(sum.items)} ${words[kind]}`,
      `such as ${sum.example}`,
    ])
    for (const line of table(rows)) output.data(line)
    const total = [...sums.values()].reduce((all, one) => all + one.bytes, 0)
    output.object('gc', { bytes: total, deleted: yes })
    output.say(
      sums.size === 0
        ? '  nothing: everything there belongs to a job, an upload, or to somebody else'
        : yes
          ? `  ${bytes(total)} deleted`
          : `  ${bytes(total)} in all; nothing was deleted. longhaul gc --yes does it`,
    )
    return exitCode.done
  },
})

function nameOf(garbage: Garbage): string {
  if (garbage.kind === 'object') return garbage.key
  return garbage.kind === 'upload' ? garbage.upload.key : garbage.path
}
