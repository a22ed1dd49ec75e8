/**
 * `npm run test:docs [-- PAGE…]`: every fenced block of the guides, page by page, as a reader would go through them. Files are
 * written, TypeScript is type-checked, commands are typed into a shell, and what is shown must come. Exit code 1 when a block
 * does not do what its page says; the blocks after it count as skipped.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { complaintsOf } from './complaints-of.ts'
import { blocksOf, type Block } from './page.ts'
import { play } from './play.ts'
import { layOut, Session } from './session.ts'

const pages = [
  'docs/guides/typescript.md',
  'docs/guides/python.md',
  'docs/guides/any-program.md',
  'docs/guides/batches.md',
  'docs/guides/callbacks.md',
  'docs/guides/actions.md',
  'docs/guides/resumable-uploads.md',
  'docs/compat/system-a.md',
  'docs/compat/system-b.md',
  'docs/compat/system-c.md',
  'docs/compat/system-d.md',
  'docs/guides/clients.md',
]
const root = path.join(import.meta.dirname, '../..')
const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-docs-'))
const counts = { run: 0, failed: 0, skipped: 0 }
let session: Session | undefined

/** What the pages call by a name is one file, for all of them. */
function filesIn(blocks: readonly Block[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const { file, code } of blocks) {
    if (file === undefined) continue
    if (files.has(file)) throw new Error(`two blocks are called ${file}`)
    files.set(file, code)
  }
  return files
}

async function playPage(page: string, blocks: readonly Block[]): Promise<void> {
  const before = Date.now()
  session = await Session.open(folder)
  for (const [at, block] of blocks.entries()) {
    try {
      await play(block, blocks, session)
      counts.run += 1
    } catch (error) {
      counts.failed += 1
      console.error(`${page}:${block.line}: ${(error as Error).message}`)
      if (session.isOpen) continue
      counts.skipped += blocks.length - at - 1
      break
    }
  }
  await session.close()
  console.log(`${page}: ${blocks.length} blocks, ${((Date.now() - before) / 1000).toFixed(1)} s`)
}

async function cleanUp(): Promise<void> {
  await session?.close()
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}
// The shell has a group of its own, so that what it started can be ended with it: also when somebody ends us.
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void cleanUp().finally(() => process.exit(1)))

try {
  const chosen = process.argv.length > 2 ? process.argv.slice(2) : pages
  const blocks = new Map<string, readonly Block[]>()
  for (const page of pages) blocks.set(page, await blocksOf(path.join(root, page)))
  const files = filesIn([...blocks.values()].flat())
  await layOut(folder, files)
  const programs = [...files].filter(([name]) => name.endsWith('.ts'))
  // One that is wrong goes with them: what sees no mistake there would see none anywhere.
  const wrong = `import wordCount from './word-count.ts'\nwordCount.naem\n`
  const said = complaintsOf(new Map([...programs, ['wrong.ts', wrong]]))
  const complaints = said.filter((one) => !one.startsWith("wrong.ts: Property 'naem'"))
  if (complaints.length === said.length) complaints.push('the types of the blocks are not seen')
  counts.failed += complaints.length
  for (const complaint of complaints) console.error(complaint)
  for (const page of chosen) await playPage(page, blocks.get(page) ?? [])
} finally {
  await cleanUp()
}
if (counts.failed > 0) console.log(`${counts.failed} failed`)
console.log(`${counts.run} run, ${counts.skipped} skipped`)
process.exitCode = counts.failed + counts.skipped > 0 || counts.run === 0 ? 1 : 0
