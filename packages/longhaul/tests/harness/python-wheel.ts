import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { pythonFolder } from './python.ts'

const run = promisify(execFile)

export interface PythonEnvironment {
  /** Its interpreter, which knows the installed wheel and nothing of this repository. */
  readonly python: string
  /** What pip said it installed. */
  readonly installed: string
  remove(): Promise<void>
}

/** An environment of its own with the wheel, built and installed without a network. */
export async function installWheel(): Promise<PythonEnvironment> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-wheel-'))
  // No index could be asked even by mistake.
  const env = { PATH: process.env['PATH'], HOME: folder, PIP_CONFIG_FILE: '/dev/null' }
  const build = path.join(pythonFolder, 'build_wheel.py')
  const { stdout: wheel } = await run('python3', [build, folder], { env })
  const venv = path.join(folder, 'venv')
  await run('python3', ['-m', 'venv', venv], { env })
  const python = path.join(venv, 'bin/python')
  const offline = ['--no-index', '--no-deps', '--disable-pip-version-check', '--no-input']
  const { stdout } = await run(python, ['-m', 'pip', 'install', ...offline, wheel.trim()], { env })
  return { python, installed: stdout, remove: () => rm(folder, { recursive: true, force: true }) }
}
