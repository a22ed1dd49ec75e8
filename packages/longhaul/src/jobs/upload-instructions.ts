import type { Config } from '../app/config.ts'
import { fileFieldsOf, type ProcessorDescription } from '../processor/index.ts'

/** What to do instead of sending a large file inside a form. */
export function uploadInstructions(
  { maxInlineBytes }: Pick<Config, 'maxInlineBytes'>,
  processor: ProcessorDescription,
  baseUrl: string,
): string {
  const [field] = fileFieldsOf(processor.input)
  const name = field?.name ?? 'file'
  const reference = field?.many ? '[{"upload_id":"ID"}]' : '{"upload_id":"ID"}'
  const limit = `${Math.floor(maxInlineBytes / (1024 * 1024))} MiB`
  return [
    `A form may carry ${limit}. Larger files are uploaded first, in parts that can be sent again:`,
    `  LONGHAUL_URL=${baseUrl} longhaul submit ${processor.name} ${name}=@FILE`,
    'or by hand:',
    `  curl ${baseUrl}/uploads --json '{"filename":"FILE","size_bytes":SIZE}'`,
    '  curl -T PART URL      (each of its part_urls, part_size_bytes each)',
    `  curl -X POST ${baseUrl}/uploads/ID/complete`,
    `  curl ${baseUrl}/processors/${processor.name}/jobs --json '{"input":{"${name}":${reference}}}'`,
  ].join('\n')
}
