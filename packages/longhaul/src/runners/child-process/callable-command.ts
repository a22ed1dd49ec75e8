import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { LonghaulError } from '../../errors/index.ts'
import { scriptOf } from '../author-context/find-script.ts'
import { parseEntrypoint } from '../entrypoint.ts'
import type { ProcessorSource, RunnerOptions } from '../runner.ts'
import { pythonFor } from './python-interpreter.ts'
import { isScript, nodeCommand, pythonCommand, type Command } from './source-command.ts'

type CallableSource = Extract<ProcessorSource, { kind: 'callable' }>

/** By which a child knows that it is to make a processor of one attribute of a module. */
const callableVariable = 'LONGHAUL_CALLABLE'

/** The program that speaks the processor protocol for a listed callable. Throws 'processor-broken'. */
export function callableCommand(
  { name, entrypoint, folder: given }: CallableSource,
  { python }: Pick<RunnerOptions, 'python'>,
): Command {
  const folder = path.resolve(given)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new LonghaulError('processor-broken', `${name}: there is no folder ${given}.`)
  const parsed = parseEntrypoint(entrypoint)
  if (parsed === undefined)
    throw new LonghaulError(
      'processor-broken',
      `${name} is listed as ${JSON.stringify(entrypoint)}; an entrypoint is module:callable.`,
    )
  const env = { [callableVariable]: `${name}=${entrypoint}` }
  if (isOfNode(parsed.module, folder)) return nodeCommand(folder, folder, env)
  // The operator's choice, or the virtual environment in the folder.
  return pythonCommand(folder, folder, pythonFor(path.join(folder, 'callable.py'), python), env)
}

/** A dotted name is Python's unless only a script of that name lies there; everything else is no name that Python knows. */
function isOfNode(module: string, folder: string): boolean {
  if (isScript(module) || !/^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u.test(module))
    return true
  const base = path.join(folder, ...module.split('.'))
  if (existsSync(`${base}.py`) || existsSync(path.join(base, '__init__.py'))) return false
  return scriptOf(module, folder) !== undefined
}
