/**
 * Whether a name may be that of an output: relative, `/`-separated, no dot segments, no control characters. Names never
 * become paths or keys without this.
 */
export function isOutputName(name: unknown): name is string {
  if (typeof name !== 'string' || name.length > 900 || !name.isWellFormed()) return false
  if (/[\u0000-\u001f\u007f\\]/.test(name)) return false
  return name
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= 255)
}
