/** `module:callable`, apart. */
export interface Entrypoint {
  readonly module: string
  readonly attribute: string
}

/** Cut at the first colon; the right side is one name. Undefined where it is none. */
export function parseEntrypoint(text: string): Entrypoint | undefined {
  const at = text.indexOf(':')
  if (at <= 0 || text.length > 512) return undefined
  const module = text.slice(0, at)
  const attribute = text.slice(at + 1)
  if (/[\p{Cc}\s]/u.test(module) || !/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(attribute)) return undefined
  return { module, attribute }
}
