import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { defineProcessor, type Processor, type RunContext } from '../../processor/index.ts'
import { z } from 'zod'
import { parseEntrypoint } from '../entrypoint.ts'
import { scriptOf } from './find-script.ts'
import { toPlain } from './to-plain.ts'

/** What a callable is given besides its parameters; those who need neither progress nor cancel leave it. */
type Context = RunContext<{ parameters: z.ZodType<Parameters> }, unknown>
type Parameters = Readonly<Record<string, unknown>>
type Call = (parameters: Parameters, context: Context) => unknown

/** The file of `name=module:callable`, and what makes a processor of it. */
export function findCallable(
  text: string,
  folder: string,
): { readonly file: string; readonly load: () => Promise<Processor> } {
  const [name = '', ...rest] = text.split('=')
  const entrypoint = parseEntrypoint(rest.join('='))
  if (entrypoint === undefined) throw new TypeError(`${text} is no module:callable`)
  const { module, attribute } = entrypoint
  const file = fileOf(module, folder)
  const load = async (): Promise<Processor> => {
    const loaded = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
    const call = toCall(attributeOf(loaded, attribute), `${module}:${attribute}`)
    return defineProcessor({
      name,
      input: { parameters: z.record(z.string(), z.unknown()).default({}) },
      run: async (context) => ({
        result: toPlain(await call(context.input.parameters, context as unknown as Context)),
      }),
    })
  }
  return { file, load }
}

function fileOf(module: string, folder: string): string {
  if (/^(\.{0,2}\/|.*\.[cm]?[jt]s$)/.test(module)) return path.resolve(folder, module)
  return scriptOf(module, folder) ?? createRequire(path.join(folder, 'here.js')).resolve(module)
}

function attributeOf(module: Readonly<Record<string, unknown>>, attribute: string): unknown {
  const inner = module['default']
  for (const holder of [module, inner])
    if (typeof holder === 'object' && holder !== null && Object.hasOwn(holder, attribute))
      return (holder as Record<string, unknown>)[attribute]
  const names = Object.keys(module).join(', ') || 'nothing'
  throw new TypeError(`it has no ${attribute}; it exports ${names}.`)
}

/** A function is called; a class is constructed with the parameters, and its `run` called; of an object, its `run`. */
function toCall(target: unknown, what: string): Call {
  if (isClass(target))
    return (parameters, context) => {
      const made = new target(parameters)
      return runOf(made)?.call(made, parameters, context) ?? made
    }
  if (typeof target === 'function') return target as Call
  const run = runOf(target)
  if (run !== undefined) return (parameters, context) => run.call(target, parameters, context)
  throw new TypeError(
    `${what} is no callable; export a function, a class, or an object that has run(parameters).`,
  )
}

const isClass = (target: unknown): target is new (parameters: Parameters) => unknown =>
  typeof target === 'function' && /^class\b/.test(Function.prototype.toString.call(target))

function runOf(target: unknown): Call | undefined {
  if (typeof target !== 'object' || target === null) return undefined
  const { run } = target as { run?: unknown }
  return typeof run === 'function' ? (run as Call) : undefined
}
