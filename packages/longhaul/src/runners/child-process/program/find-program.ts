import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'
import type { ProgramTemplate } from './program-template.ts'

/**
 * Where the program lies, and its own files: a run has the workspace as its current directory, so whatever the template
 * names relative to the folder it was written in is made absolute now. Throws a TypeError when there is no such program.
 */
export function findProgram(template: ProgramTemplate, cwd: string): ProgramTemplate {
  return {
    ...template,
    command: resolveCommand(template.command, cwd),
    args: template.args.map((argument) => {
      const [only] = argument
      if (argument.length !== 1 || typeof only !== 'string' || !/[./]/.test(only)) return argument
      const file = path.resolve(cwd, only)
      return isFile(file) ? [file] : argument
    }),
  }
}

function resolveCommand(command: string, cwd: string): string {
  if (command.includes('/')) {
    const file = path.resolve(cwd, command)
    if (isFile(file) && isExecutable(file)) return file
    throw new TypeError(`${command} is not a file that can be executed.`)
  }
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const file = path.join(folder || '.', command)
    if (isFile(file) && isExecutable(file)) return path.resolve(file)
  }
  throw new TypeError(`There is no program ${command} on the PATH.`)
}

function isFile(file: string): boolean {
  try {
    return statSync(file).isFile()
  } catch {
    return false
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
