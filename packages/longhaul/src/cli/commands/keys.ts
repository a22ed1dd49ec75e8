import path from 'node:path'
import { openKeys } from '../../app/index.ts'
import { keyScopes, type KeyScope, type Keys } from '../../keys/index.ts'
import { defineCommand } from '../command.ts'
import { exitCode, UsageError, type ExitCode } from '../exit-code.ts'
import { table } from '../format/table.ts'
import { didYouMean } from '../../support/nearest.ts'
import type { Output } from '../output.ts'

const verbs = ['create', 'list', 'revoke']

export const keys = defineCommand({
  name: 'keys',
  usage: 'create --owner NAME | list | revoke ID…',
  summary: 'Makes, lists and revokes the keys of a service, in its data directory.',
  more: `A key is shown once, when it is made; the service keeps only its hash. With any key in force, requests without one are refused.
Clients give it as LONGHAUL_TOKEN, or as "Authorization: Bearer KEY".`,
  options: {
    data: {
      type: 'string',
      value: 'DIR',
      help: 'the data directory; else LONGHAUL_DATA, else ./.longhaul',
    },
    owner: {
      type: 'string',
      value: 'NAME',
      help: 'create: whose jobs and uploads the key makes and sees',
    },
    scope: {
      type: 'string',
      multiple: true,
      value: 'SCOPE',
      help: `create: ${keyScopes.join(', ')}; submit unless said otherwise`,
    },
    note: { type: 'string', value: 'TEXT', help: 'create: where it is used, for people' },
  },
  async run({ words: [verb, ...ids], options, output, cwd }) {
    if (verb === undefined || !verbs.includes(verb)) {
      const hint = verb === undefined ? '' : didYouMean(verb, verbs)
      throw new UsageError(
        `keys create, list or revoke${verb === undefined ? '' : `, not ${verb}`}${hint}`,
      )
    }
    await using keysOfData = await openKeys({
      dataDir: options.data === undefined ? undefined : path.resolve(cwd, options.data),
    })
    // Awaited here: the database closes when this function is left.
    if (verb === 'list') return await list(keysOfData, output)
    if (verb === 'revoke') return await revoke(keysOfData, ids, output)
    if (options.owner === undefined) throw new UsageError('Whose key? --owner NAME')
    const request = {
      owner: options.owner,
      scopes: options.scope?.map(scopeOf),
      note: options.note,
    }
    const made = await keysOfData.create(withoutUndefined(request))
    output.data(made.token)
    output.object('key', { ...request, ...made })
    output.say(`  Key ${made.id} of ${request.owner}: it is shown only this once.`)
    return exitCode.done
  },
})

async function list(from: Keys, output: Output): Promise<ExitCode> {
  const found = await from.list()
  const rows = found.map(({ id, owner, scopes, note, createdAt, revokedAt }) => [
    id,
    owner,
    scopes.join(','),
    createdAt.toISOString().slice(0, 10),
    revokedAt === undefined ? 'in force' : `revoked ${revokedAt.toISOString().slice(0, 10)}`,
    note,
  ])
  for (const key of found) {
    output.object('key', { ...key, revokedAt: key.revokedAt ?? null })
  }
  if (rows.length > 0) for (const line of table(rows)) output.data(line)
  else output.say('  no keys: the service answers on loopback only')
  return exitCode.done
}

async function revoke(from: Keys, ids: readonly string[], output: Output): Promise<ExitCode> {
  if (ids.length === 0)
    throw new UsageError('Which key? Give its id; `longhaul keys list` shows them')
  let missing = 0
  for (const id of ids) {
    if (await from.revoke(id)) {
      output.data(id)
      output.object('key', { id, revoked: true })
      output.say(`  ${id} is revoked; the next request with it is refused`)
    } else {
      missing++
      output.complain(`longhaul: There is no key ${id} in force; \`longhaul keys list\` shows them`)
    }
  }
  return missing > 0 ? exitCode.refused : exitCode.done
}

function scopeOf(word: string): KeyScope {
  const found = keyScopes.find((scope) => scope === word)
  if (found !== undefined) return found
  throw new UsageError(
    `There is no scope ${word}${didYouMean(word, keyScopes) || `; there is ${keyScopes.join(', ')}`}`,
  )
}

const withoutUndefined = <T extends object>(
  from: T,
): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(from).filter(([, value]) => value !== undefined)) as never
