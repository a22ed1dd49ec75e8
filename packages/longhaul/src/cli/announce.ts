import path from 'node:path'
import type { App } from '../app/index.ts'
import { createKeys, isLoopback } from '../keys/index.ts'
import type { Context } from './command.ts'
import { curlLine, processorLines, stateLine, type Served } from './format/serve-block.ts'

/** Says what is served, where, to whom and how to try it; processors that are still getting warm are told of later. */
export async function announce(app: App, url: string, { output, cwd }: Context): Promise<void> {
  const { config, runners, broken, database } = app.services
  const served = [...runners.values()].map((runner) => {
    const { description } = runner
    const here = Math.min(config.maxConcurrentJobs, description.concurrency ?? Infinity)
    const isService = description.jobs === false
    const slots = isService ? config.actionSlots : config.roles.worker ? here : 0
    return { runner, description, slots, state: runner.state() }
  })
  const first = served.find(({ state }) => state.kind !== 'broken')
  const keyed = await createKeys(database).exist()
  const where = [
    `screen ${url}`,
    'API /docs',
    `data ${folderWord(config.dataDir, cwd)}`,
    keyed ? 'keys needed' : exposureOf(config.host),
    ...(first === undefined ? [] : ['try:']),
  ]
  for (const line of processorLines(served, broken)) output.say(line)
  output.say(`  ${where.join('   ')}`)
  if (first !== undefined) output.say(curlLine(first.description, url))
  output.object('served', { url, data: config.dataDir, processors: served.map(factsOf), broken })
  for (const one of served.filter(({ state }) => state.kind === 'starting')) {
    one.runner.onState((state) => {
      if (state.kind !== 'starting') output.say(stateLine({ ...one, state }))
    })
  }
}

const factsOf = ({ description: { name, version }, state }: Served) => ({
  name,
  version,
  state: state.kind,
})

function folderWord(folder: string, cwd: string): string {
  const below = path.relative(cwd, folder)
  return below === '' || below.startsWith('..') ? folder : `./${below}`
}

/** Without keys nothing but --open lets a service listen to others. */
const exposureOf = (host: string): string =>
  isLoopback(host) ? 'open (loopback only)' : 'OPEN to whoever reaches this address'
