import path from 'node:path'
import { describeProcessor, type Processor } from '../../processor/index.ts'
import { checkDescription } from '../check-description.ts'
import { runnerConformance } from '../runner.conformance.ts'
import { inlineRunner } from './index.ts'

const file = path.join(import.meta.dirname, '../../../tests/fixtures/conformance/conformance.ts')

runnerConformance('inline', async (options) => {
  const { default: processor } = (await import(file)) as { default: Processor }
  const description = checkDescription(describeProcessor(processor), '0'.repeat(64))
  return inlineRunner(processor, description, options, path.dirname(file))
})
