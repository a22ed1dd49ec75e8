import { LonghaulError } from '../errors/index.ts'
import type { ActionDescription, ProcessorDescription } from '../processor/index.ts'

/** One way to call an action. */
export interface ServedAction {
  readonly processor: string
  readonly action: string
  readonly methods: readonly string[]
  /** As the router wants it: `/append/:first/:second`. */
  readonly url: string
}

/** Every path of an action: its own, that one once more below its processor, and the one that all actions have. */
export function actionUrls(
  { name: processor }: Pick<ProcessorDescription, 'name'>,
  { name: action, path, methods }: Pick<ActionDescription, 'name' | 'path' | 'methods'>,
): readonly ServedAction[] {
  const base = `/processors/${processor}`
  const own = path?.replaceAll(/\{(\w+)\}/g, ':$1')
  const urls = [`${base}/actions/${action}`, ...(own === undefined ? [] : [own, base + own])]
  return urls.map((url) => ({ processor, action, methods, url }))
}

interface Route {
  readonly url: string
  readonly methods: readonly string[]
}

/**
 * A path that somebody else answers already, or would answer for some of what the action's path stands for, is a mistake of
 * the author's, and found before anything is served. Throws 'invalid-config' with all of them.
 */
export function checkActionPaths(served: readonly ServedAction[], core: readonly Route[]): void {
  const mistakes: string[] = []
  for (const [index, one] of served.entries()) {
    const name = `${one.processor}.${one.action}`
    const taken = core.find((route) => collide(one, route))
    if (taken)
      mistakes.push(
        `${name} cannot be served at ${one.url}: ${taken.url} is a route of the service`,
      )
    const other = served.slice(0, index).find((earlier) => collide(one, earlier))
    if (other)
      mistakes.push(
        `${name} cannot be served at ${one.url}: ${other.processor}.${other.action} is served at ${other.url}`,
      )
  }
  if (mistakes.length > 0)
    throw new LonghaulError('invalid-config', mistakes.join('; '), { facts: { mistakes } })
}

const collide = (a: Route, b: Route): boolean =>
  a.methods.some((method) => b.methods.includes(method)) && overlap(a.url, b.url)

/** Whether one path can be both. A parameter stands for any segment, `*` for all the rest. */
function overlap(a: string, b: string): boolean {
  const [left, right] = [segments(a), segments(b)]
  for (let i = 0; ; i++) {
    const [x, y] = [left[i], right[i]]
    if (x === '*' || y === '*') return true
    if (x === undefined || y === undefined) return x === y
    if (x !== y && !x.startsWith(':') && !y.startsWith(':')) return false
  }
}

/** Letters count, a slash at the end does not: as the router has it. */
const segments = (url: string): readonly string[] => url.replace(/\/$/, '').split('/').slice(1)
