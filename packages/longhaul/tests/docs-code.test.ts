import { readFile } from 'node:fs/promises'
import path from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

const root = path.join(import.meta.dirname, '../../..')

/** A `ts` block of a page, as a module that lies among the tests. */
async function blocksOf(page: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(path.join(root, page), 'utf8')
  const blocks = [...text.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, code = '']) => code)
  const name = path.basename(page, '.md')
  return new Map(
    blocks.map((code, n) => [path.join(import.meta.dirname, `${name}-block-${n + 1}.ts`), code]),
  )
}

/** What TypeScript says of files that exist only here, under the settings of this repository. */
function complaintsOf(files: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), (name) =>
    ts.sys.readFile(name),
  ) as { config: object }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const settings: ts.CompilerOptions = { ...options, noEmit: true, incremental: false }
  delete settings.tsBuildInfoFile
  const host = ts.createCompilerHost(settings)
  const { fileExists, readFile: read, getSourceFile } = host
  host.fileExists = (name) => files.has(name) || fileExists.call(host, name)
  host.readFile = (name) => files.get(name) ?? read.call(host, name)
  host.getSourceFile = (name, version, ...rest) => {
    const text = files.get(name)
    return text === undefined
      ? getSourceFile.call(host, name, version, ...rest)
      : ts.createSourceFile(name, text, version)
  }
  const program = ts.createProgram([...files.keys()], settings, host)
  return [...files.keys()].flatMap((name) => {
    const source = program.getSourceFile(name)
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
      .map((message) => `${path.basename(name)}: ${message}`)
  })
}

it('shows a class on the page of system B that type-checks as it stands', async () => {
  const blocks = await blocksOf('docs/compat/system-b.md')
  expect([...blocks.values()].join()).toContain('processBin')
  expect(complaintsOf(blocks)).toEqual([])
})

it('shows TypeScript in its guides that type-checks as it stands', async () => {
  const authors = await blocksOf('docs/guides/typescript.md')
  const [[name, code] = ['', '']] = authors
  // What the guide for callers imports is the processor that the guide for authors shows.
  const served = path.join(import.meta.dirname, 'word-count.ts')
  const blocks = new Map([
    ...authors,
    [served, code],
    ...(await blocksOf('docs/guides/clients.md')),
  ])
  expect(code).toContain('text.text()')
  // One that is wrong goes with them: what sees no mistake there would see none anywhere.
  const calls = blocks.get(path.join(import.meta.dirname, 'clients-block-1.ts')) ?? ''
  const wrong = new Map([
    [`${name}-wrong.ts`, code.replace('text.text()', 'text.txet()')],
    [
      path.join(import.meta.dirname, 'clients-wrong.ts'),
      calls.replace('result.words', 'result.wrods').replace('shortest: 3', "shortest: 'three'"),
    ],
  ])
  const complaints = complaintsOf(new Map([...blocks, ...wrong]))
  expect(complaints).toContainEqual(expect.stringContaining("'txet' does not exist"))
  expect(complaints).toContainEqual(expect.stringContaining("'wrods' does not exist"))
  expect(complaints).toContainEqual(
    expect.stringContaining("Type 'string' is not assignable to type 'number"),
  )
  expect(complaints.filter((one) => !one.includes('-wrong.ts'))).toEqual([])
})
