/** The processor as it is, with a witness outside the service: every image that is analysed is a line of the file IFCB_WITNESS. */
import { appendFileSync } from 'node:fs'
import { defineIfcbFeatures } from '../service/processor.ts'

const file = process.env['IFCB_WITNESS']
if (file === undefined) throw new Error('IFCB_WITNESS names the file of the witness')

export default defineIfcbFeatures({ witness: (roiId) => appendFileSync(file, `${roiId}\n`) })
