import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const pythonFolder = fileURLToPath(new URL('../../../../python', import.meta.url))

/** Whether processors in Python can be tested here. A test that is skipped without it says so, once a file. */
export function hasPython(): boolean {
  const asked = spawnSync('python3', ['-c', 'import sys; print(sys.version_info >= (3, 9))'])
  const found = asked.status === 0 && asked.stdout.toString().trim() === 'True'
  if (!found)
    process.stderr.write('Skipped: Python processors need python3, 3.9 or newer; none was found.\n')
  return found
}
