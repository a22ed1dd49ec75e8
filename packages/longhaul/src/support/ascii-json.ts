/**
 * JSON as the older systems write it into their files, byte for byte: a blank after every comma and colon, and everything outside
 * ASCII escaped, so that no reader has to know the encoding.
 */
export function asciiLine(value: unknown): string {
  // Within a string a line break is escaped: those that are left are the indentation.
  return ascii(
    JSON.stringify(value, undefined, 1).replaceAll(/,\n */g, ', ').replaceAll(/\n */g, ''),
  )
}

/** The same for a whole file, indented by two blanks. */
export const asciiDocument = (value: unknown): string => ascii(JSON.stringify(value, undefined, 2))

const ascii = (json: string): string =>
  json.replaceAll(
    /[\u007F-\uFFFF]/g,
    (unit) => String.raw`\u` + unit.charCodeAt(0).toString(16).padStart(4, '0'),
  )
