import type { Config } from '../app/config.ts'
import { LonghaulError } from '../errors/index.ts'
import type { ProcessorSource } from '../runners/runner.ts'

export type CallableSource = Extract<ProcessorSource, { kind: 'callable' }>

const namePattern = /^[A-Za-z0-9][\w.-]{0,63}$/

/** Everything that is served, and what the settings list besides. Throws 'invalid-config' on a name that can be none. */
export function callableSources(
  sources: readonly ProcessorSource[],
  { callables: { enabled, listed, entrypoint, folder } }: Pick<Config, 'callables'>,
): readonly ProcessorSource[] {
  if (!enabled) return sources.filter(({ kind }) => kind !== 'callable')
  const all = [
    ...sources,
    ...Object.entries(listed).map(([name, text]) => callable(name, text, folder)),
  ]
  if (entrypoint === undefined) return all
  // Listed by being set; perhaps it is listed anyway, by either of its names.
  const known = all.some((one) => one.kind === 'callable' && isCalled(one, entrypoint))
  return known ? all : [...all, callable(taskName(entrypoint), entrypoint, folder)]
}

export function callable(name: string, entrypoint: string, folder: string): CallableSource {
  if (namePattern.test(name)) return { kind: 'callable', name, entrypoint, folder }
  throw new LonghaulError(
    'invalid-config',
    `A task's name is part of its URL: letters, digits, "-", "_" and ".", at most 64; got ${JSON.stringify(name)}`,
  )
}

export const isCalled = (
  { name, entrypoint }: { readonly name: string; readonly entrypoint: string },
  said: string,
): boolean => said === name || said === entrypoint

/** `quant.report:main` → `quant.report.main`. */
export const taskName = (entrypoint: string): string =>
  entrypoint
    .replace(/\.[cm]?[jt]s(?=:)/, '')
    .replace(/[^\w.-]+/g, '.')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64) || 'default'
