import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { contextFiles, copyFromContext } from './build-context.ts'
import { parseDockerfile, type Stage } from './dockerfile.ts'

/** An image's stages as plain folders. No container engine: what a step would do at `/x` it does at `<folder>/x`. */
export interface ImageInFolders {
  /** The last stage. */
  readonly root: string
  readonly stage: Stage
  /** The folder of a stage by its name. */
  rootOf(name: string): string
  /** What no plain folder can do. */
  readonly notRun: readonly string[]
  remove(): Promise<void>
}

export async function buildInFolders(checkout: string): Promise<ImageInFolders> {
  const base = await mkdtemp(path.join(tmpdir(), 'longhaul-image-'))
  await chmod(base, 0o755)
  try {
    return await buildIn(base, checkout)
  } catch (error) {
    await rm(base, { recursive: true, force: true })
    throw error
  }
}

async function buildIn(base: string, checkout: string): Promise<ImageInFolders> {
  const stages = parseDockerfile(await readFile(path.join(checkout, 'Dockerfile'), 'utf8'))
  const files = await contextFiles(checkout)
  const roots = new Map<string, string>()
  const notRun: string[] = []
  for (const [index, stage] of stages.entries()) {
    const root = path.join(base, stage.name ?? `stage-${index}`)
    roots.set(stage.name ?? String(index), root)
    for (const folder of ['usr/local/bin', 'tmp'])
      await mkdir(path.join(root, folder), { recursive: true })
    await runStage({ checkout, files, roots, root, stage, notRun })
  }
  const [stage, root] = [stages.at(-1), [...roots.values()].at(-1)]
  if (stage === undefined || root === undefined) throw new Error('The Dockerfile has no stage')
  return {
    root,
    stage,
    notRun,
    rootOf: (name) => roots.get(name) ?? '',
    remove: () => rm(base, { recursive: true, force: true }),
  }
}

interface Building {
  readonly checkout: string
  readonly files: readonly string[]
  readonly roots: ReadonlyMap<string, string>
  readonly root: string
  readonly stage: Stage
  readonly notRun: string[]
}

async function runStage(building: Building): Promise<void> {
  const { root, stage, notRun } = building
  let cwd = root
  for (const { word, args } of stage.steps) {
    if (word === 'WORKDIR') {
      cwd = path.resolve(cwd, inside(root, args as string))
      await mkdir(cwd, { recursive: true })
    } else if (word === 'COPY') await copy(building, cwd, args as string)
    else if (word === 'RUN') {
      const command = args as string
      if (command.startsWith('apt-get ')) notRun.push(command.replace(/\s+/g, ' '))
      else if (command.startsWith('npm ci') && !command.includes('--omit=dev'))
        // What the build needs is what this checkout was built with: installing it once more proves nothing.
        await linkDependencies(building.checkout, cwd)
      else {
        if (command === 'npm run build') await bringBuild(building.checkout, cwd)
        await shell(owned(command), root, cwd)
      }
    }
  }
}

async function copy({ checkout, files, roots, root }: Building, cwd: string, args: string) {
  const words = args.split(/\s+/)
  const from = /^--from=(.+)$/.exec(words[0] ?? '')?.[1]
  if (from !== undefined) words.shift()
  const last = words.pop() ?? ''
  // A folder's name may lose its slash on the way; what it meant by it must not.
  const target = path.resolve(cwd, inside(root, last)) + (last.endsWith('/') ? '/' : '')
  for (const source of words) {
    if (from === undefined) await copyFromContext(checkout, files, source, target)
    else {
      const other = roots.get(from)
      if (other === undefined) throw new Error(`There is no stage ${from}`)
      await cp(path.join(other, source), target, { recursive: true, verbatimSymlinks: true })
    }
  }
}

/** What the checkout was built to, if it was: the compiler looks at every source and compiles those that differ. */
async function bringBuild(checkout: string, cwd: string): Promise<void> {
  for (const name of ['protocol', 'client', 'longhaul'])
    for (const made of ['dist', 'tsconfig.tsbuildinfo']) {
      const from = path.join(checkout, 'packages', name, made)
      if (existsSync(from))
        await cp(from, path.join(cwd, 'packages', name, made), { recursive: true })
    }
}

/** Dependencies by links, but the workspace's own packages from the folder that is being built. */
async function linkDependencies(checkout: string, cwd: string): Promise<void> {
  const from = path.join(checkout, 'node_modules')
  const to = path.join(cwd, 'node_modules')
  await mkdir(path.join(to, '@longhaul'), { recursive: true })
  for (const name of await readdir(from))
    if (!['longhaul', '@longhaul', '@longhaul-examples'].includes(name))
      await symlink(path.join(from, name), path.join(to, name))
  await symlink('../packages/longhaul', path.join(to, 'longhaul'))
  for (const name of ['protocol', 'client'])
    await symlink(`../../packages/${name}`, path.join(to, '@longhaul', name))
  for (const name of ['protocol', 'client', 'longhaul']) {
    const own = path.join('packages', name, 'node_modules')
    if (existsSync(path.join(checkout, own)))
      await symlink(path.join(checkout, own), path.join(cwd, own))
  }
}

/** Absolute paths of a command begin at the stage's folder. */
const inside = (root: string, command: string): string =>
  command.replace(/(^|[\s="'])\/(?=\w)/g, `$1${root}/`)

/** Only root gives files away. */
const owned = (command: string): string =>
  process.getuid?.() === 0 ? command : command.replace(/ -[og] \d+/g, '')

async function shell(command: string, root: string, cwd: string): Promise<void> {
  const env = {
    ...npmSettings(),
    PATH: `${path.dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: path.join(root, 'tmp'),
    npm_config_prefer_offline: 'true',
  }
  const options = { cwd, env, maxBuffer: 1e8 }
  await promisify(execFile)('sh', ['-ec', inside(root, command)], options).catch(
    (error: unknown) => {
      const { stdout, stderr } = error as { stdout: string; stderr: string }
      throw new Error(`RUN ${command} failed:\n${stdout}${stderr}`, { cause: error })
    },
  )
}

/** Where packages come from is this machine's affair; everything else of npm's environment is not the image's. */
function npmSettings(): NodeJS.ProcessEnv {
  const kept =
    /^(npm_config_(registry|cache|userconfig|strict_ssl|cafile)|NODE_EXTRA_CA_CERTS|(https?|no)_proxy)$/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => kept.test(name)))
}
