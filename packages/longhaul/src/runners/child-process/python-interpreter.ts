import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import path from 'node:path'

/** What is taken where neither the operator nor the file says another. */
const anyPython = 'python3'

/**
 * The interpreter of a served .py file: the operator's choice; else the virtual environment `.venv` beside the file; else
 * the file's own first line (`#!/usr/bin/env python3.12`); else `python3`.
 */
export function pythonFor(file: string, chosen = anyPython): string {
  if (chosen !== anyPython) return chosen
  const environment = path.join(path.dirname(file), '.venv', 'bin', 'python')
  if (existsSync(environment)) return environment
  return shebangOf(file) ?? anyPython
}

/** Only a Python: whatever else a first line may name is no reason to start it. */
function shebangOf(file: string): string | undefined {
  const words = /^#!\s*(.*)/.exec(firstLineOf(file))?.[1]?.trim().split(/\s+/) ?? []
  const named = path.basename(words[0] ?? '') === 'env' ? words.slice(1) : words
  const command = named.find((word) => !word.startsWith('-'))
  return command !== undefined && /^python[\d.]*$/.test(path.basename(command))
    ? command
    : undefined
}

function firstLineOf(file: string): string {
  if (!existsSync(file)) return ''
  const bytes = Buffer.alloc(256)
  const handle = openSync(file, 'r')
  try {
    const length = readSync(handle, bytes, 0, bytes.length, 0)
    return bytes.toString('utf8', 0, length).split('\n', 1)[0] ?? ''
  } finally {
    closeSync(handle)
  }
}
