import path from 'node:path'
import ts from 'typescript'

const root = path.join(import.meta.dirname, '../..')

/** What TypeScript says of files that exist only here, under the settings of this repository. */
export function complaintsOf(files: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), (name) =>
    ts.sys.readFile(name),
  ) as { config: object }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const settings: ts.CompilerOptions = { ...options, noEmit: true, incremental: false }
  delete settings.tsBuildInfoFile
  // They lie among the sources, so that what they import is found.
  const placed = new Map(
    [...files].map(([name, text]) => [path.join(import.meta.dirname, name), text]),
  )
  const host = ts.createCompilerHost(settings)
  const fileExists = host.fileExists.bind(host)
  const read = host.readFile.bind(host)
  const getSourceFile = host.getSourceFile.bind(host)
  host.fileExists = (name) => placed.has(name) || fileExists(name)
  host.readFile = (name) => placed.get(name) ?? read(name)
  host.getSourceFile = (name, version, ...rest) => {
    const text = placed.get(name)
    return text === undefined
      ? getSourceFile(name, version, ...rest)
      : ts.createSourceFile(name, text, version)
  }
  const program = ts.createProgram([...placed.keys()], settings, host)
  return [...placed.keys()].flatMap((name) => {
    const source = program.getSourceFile(name)
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
      .map((message) => `${path.basename(name)}: ${message}`)
  })
}
