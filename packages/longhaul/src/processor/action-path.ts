/** Of a path like `/append/{first}/{second}`, in its order. Throws for what could not be routed to as it is written. */
export function namesInPath(path: string): readonly string[] {
  const segments = path.split('/').slice(1)
  const wellFormed = segments.every((one) => /^(\{[A-Za-z_]\w*\}|[\w.~-]+)$/.test(one))
  if (!path.startsWith('/') || !wellFormed)
    throw new TypeError(
      `The path ${JSON.stringify(path)} cannot be served: write one like /media/image/convert or /append/{first}/{second}`,
    )
  const names = segments.flatMap((one) => /^\{(.*)\}$/.exec(one)?.[1] ?? [])
  if (new Set(names).size < names.length)
    throw new TypeError(`The path ${path} has two parameters of one name`)
  return names
}
