import { execFile, spawn, type ChildProcess, type ExecFileOptions } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const root = path.join(import.meta.dirname, '../..')

/** Fails with everything that was printed: the compiler writes its errors to stdout. */
async function run(program: string, args: readonly string[], options: ExecFileOptions = {}) {
  return promisify(execFile)(program, args, options).catch((error: unknown) => {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error })
  })
}

/** longhaul as a stranger gets it: packed, installed into a folder of its own, called by npx. */
export interface Installation {
  readonly folder: string
  /** Node 24 first on PATH, then Debian's Python, then the host's. */
  readonly env: NodeJS.ProcessEnv
  /** The same, as a host with an old Node has it. Undefined where the host's Node is a new one. */
  readonly oldEnv: NodeJS.ProcessEnv | undefined
  shell(command: string, options?: { env?: NodeJS.ProcessEnv; cwd?: string }): Promise<Ended>
  start(command: string): ChildProcess
  remove(): Promise<void>
}
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export async function install(files: Readonly<Record<string, string>>): Promise<Installation> {
  const base = await mkdtemp(path.join(tmpdir(), 'longhaul-readme-'))
  const folder = path.join(base, 'app')
  const bin = path.join(base, 'bin')
  for (const made of [folder, bin, path.join(base, 'packed')]) await mkdir(made)
  await symlink(process.execPath, path.join(bin, 'node'))

  const hostPath = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((entry) => !entry.includes('node_modules'))
  const clean = withoutNpm(process.env)
  const env = { ...clean, PATH: [bin, '/usr/bin', ...hostPath].join(path.delimiter) }
  const old = await oldNode(hostPath)
  const oldEnv =
    old === undefined
      ? undefined
      : { ...clean, PATH: [old, '/usr/bin', ...hostPath].join(path.delimiter) }

  await run('npm', ['run', 'build'], { cwd: root, env })
  const packages = ['protocol', 'client', 'longhaul'].flatMap((name) => ['-w', `packages/${name}`])
  await run('npm', ['pack', ...packages, '--pack-destination', path.join(base, 'packed')], {
    cwd: root,
    env,
  })
  const packed = (await readdir(path.join(base, 'packed'))).map((name) =>
    path.join(base, 'packed', name),
  )
  await writeFile(path.join(folder, 'package.json'), '{ "private": true }\n')
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text)
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  await run('npm', ['install', ...quiet, 'sharp', ...packed], { cwd: folder, env })

  return {
    folder,
    env,
    oldEnv,
    shell: (command, options = {}) => shell(command, { cwd: folder, env, ...options }),
    start: (command) =>
      spawn('sh', ['-c', `exec ${command}`], {
        cwd: folder,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    remove: () => rm(base, { recursive: true, force: true }),
  }
}

const shell = (command: string, options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<Ended> =>
  new Promise((resolve) => {
    execFile('sh', ['-c', command], { ...options, timeout: 300_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
    })
  })

/** What `npm run` adds would make npm believe that it is at work in this repository. */
function withoutNpm(from: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = /^npm_config_(registry|cache|userconfig)$/i
  const ours = /^(npm_|NODE_(OPTIONS|PATH|ENV)$|VITEST|LONGHAUL_|PORT$|HOST$|INIT_CWD$)/i
  return Object.fromEntries(
    Object.entries(from).filter(([name]) => kept.test(name) || !ours.test(name)),
  )
}

/** The folder of the first Node on the path that is too old for longhaul. */
async function oldNode(hostPath: readonly string[]): Promise<string | undefined> {
  for (const folder of hostPath) {
    const node = path.join(folder, 'node')
    if (!existsSync(node)) continue
    const { stdout } = await run(node, ['--version'])
    return Number(/^v(\d+)/.exec(String(stdout))?.[1]) < 24 ? folder : undefined
  }
  return undefined
}
