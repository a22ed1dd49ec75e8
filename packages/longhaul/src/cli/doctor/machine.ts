import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Config } from '../../app/index.ts'
import { bad, note, ok, type Finding } from './finding.ts'

const run = promisify(execFile)
/** Every stream, child and connection takes some; below this a busy service runs out. */
const enoughFiles = 4096

/** What the service runs on: Node, Python, how many files may be open. */
export async function examineMachine(config: Config): Promise<readonly Finding[]> {
  return [nodeVersion(config), await python(config), await openFiles()]
}

function nodeVersion({ serviceVersion }: Config): Finding {
  const detail = `longhaul ${serviceVersion}, Node ${process.versions.node}, ${process.platform} ${process.arch}`
  return Number(process.versions.node.split('.')[0]) >= 24
    ? ok('versions', detail)
    : bad('versions', `${detail}: longhaul needs Node 24 or newer`)
}

async function python({ python: interpreter }: Config): Promise<Finding> {
  try {
    const { stdout, stderr } = await run(interpreter, ['--version'], { timeout: 10_000 })
    const version = `${stdout}${stderr}`.trim()
    const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? []
    if (Number(major) === 3 && Number(minor) >= 9)
      return ok('python', `${version} (${interpreter})`)
    return note('python', `${version} (${interpreter}): processors in Python need 3.9 or newer`)
  } catch {
    return note(
      'python',
      `${interpreter} does not start; only processors in Python need it (LONGHAUL_PYTHON names another)`,
    )
  }
}

async function openFiles(): Promise<Finding> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1]
  if (soft === undefined) return note('open files', 'the limit cannot be read on this system')
  if (soft === 'unlimited' || Number(soft) >= enoughFiles)
    return ok('open files', `at most ${soft}`)
  return note(
    'open files',
    `at most ${soft}: raise it to ${enoughFiles} (ulimit -n, LimitNOFILE in a systemd unit) before many clients come`,
  )
}
