/** `attachment` with the name for everybody, and once more in UTF-8 where it is not ASCII (RFC 6266). */
export function attachment(name: string): string {
  const base = name.slice(name.lastIndexOf('/') + 1)
  const ascii = base.replace(/[^\x20-\x7e]|["\\]/g, '_')
  const encoded = encodeURIComponent(base).replace(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${ascii}"${ascii === base ? '' : `; filename*=UTF-8''${encoded}`}`
}
