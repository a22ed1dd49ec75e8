import { isAsShown, typedIn, type Block } from './page.ts'
import type { Session } from './session.ts'

/** Types what a block says, as a reader would. Throws when it does not come out as shown. */
export async function play(block: Block, page: readonly Block[], session: Session): Promise<void> {
  if (block.file !== undefined) {
    // It lies there already. What comes of it is in another block.
    const isUsed = page.some(({ file, code }) => file === undefined && code.includes(block.file!))
    if (!isUsed) throw new Error(`nobody runs ${block.file}`)
    return
  }
  if (block.language === 'sh') {
    const { status, output } = await session.type(`set -e\n${block.code}set +e`)
    if (status !== 0) throw new Error(`exit code ${status}:\n${output}`)
    return
  }
  if (block.language !== 'console')
    throw new Error(`a block of ${block.language || 'no language'} that is no file: nobody runs it`)
  const mistakes: string[] = []
  for (const { command, shown } of typedIn(block.code)) {
    const { status, output } = await session.type(command)
    if (status !== 0) mistakes.push(`$ ${command}\nended with ${status}:\n${output}`)
    else if (!isAsShown(output, shown))
      mistakes.push(`$ ${command}\nsaid:\n${output}and not:\n${shown}`)
  }
  if (mistakes.length > 0) throw new Error(mistakes.join(''))
}
