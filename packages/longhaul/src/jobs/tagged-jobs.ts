import type { JobFilter } from './engine.ts'

type Value = string

/**
 * What lists jobs by their tags, in both dialects: rows of job_tag, newest first by an index, whose jobs pass the other
 * filters. `value` takes a value and answers what stands for it in the text.
 */
export function taggedJobs(
  { scope, tags = [], states, kinds, processor }: JobFilter,
  value: (value: Value) => string,
): string {
  const [first = '', ...others] = tags
  const owner = scope === 'everyone' ? '' : `t.owner = ${value(scope.owner)} AND `
  const text = [`FROM job_tag t WHERE ${owner}t.tag = ${value(first)}`]
  for (const tag of others)
    text.push(`EXISTS (SELECT 1 FROM job_tag o WHERE o.seq = t.seq AND o.tag = ${value(tag)})`)
  const oneOf = (column: string, words: readonly string[]): string =>
    `j.${column} IN (${words.map(value).join(', ') || 'NULL'})`
  const tests = [
    ...(states === undefined ? [] : [oneOf('state', states)]),
    ...(kinds === undefined ? [] : [oneOf('kind', kinds)]),
    ...(processor === undefined ? [] : [oneOf('processor', [processor])]),
  ]
  if (tests.length > 0)
    text.push(`EXISTS (SELECT 1 FROM job j WHERE j.seq = t.seq AND ${tests.join(' AND ')})`)
  return text.join(' AND ')
}

export const hasTags = ({ tags = [] }: JobFilter): boolean => tags.length > 0
