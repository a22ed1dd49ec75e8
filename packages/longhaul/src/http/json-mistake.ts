const token =
  /[ \t\n\r]*(?:("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)|([{}[\],:]))/y

type Next = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end'

/**
 * Where a text stops being JSON. `JSON.parse` no longer says it for most mistakes, and quotes the text instead, which may be
 * secret. Only asked when parsing has failed.
 */
export function jsonMistakeAt(text: string): number {
  const open: ('{' | '[')[] = []
  let next: Next = 'value'
  token.lastIndex = 0
  for (;;) {
    const at = skipSpace(text, token.lastIndex)
    if (open.length === 0 && next === ', or end') return at
    const [found, string, scalar, mark] = token.exec(text) ?? []
    if (found === undefined) return at
    const wantsValue = next === 'value' || next === 'value or ]'
    const wantsKey = next === 'key' || next === 'key or }'
    if (string !== undefined && wantsKey) next = ':'
    else if (string !== undefined || scalar !== undefined) {
      if (!wantsValue) return at
      next = ', or end'
    } else if (mark === '{' || mark === '[') {
      if (!wantsValue) return at
      open.push(mark)
      next = mark === '{' ? 'key or }' : 'value or ]'
    } else if (mark === ':') {
      if (next !== ':') return at
      next = 'value'
    } else if (mark === ',') {
      if (next !== ', or end') return at
      next = open.at(-1) === '{' ? 'key' : 'value'
    } else {
      const closes = mark === '}' ? '{' : '['
      const may = next === ', or end' || next === (mark === '}' ? 'key or }' : 'value or ]')
      if (!may || open.pop() !== closes) return at
      next = ', or end'
    }
  }
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (' \t\n\r'.includes(text[at] ?? 'x')) at++
  return at
}
