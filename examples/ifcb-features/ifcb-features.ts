import { defineIfcbFeatures } from './service/processor.ts'

export default defineIfcbFeatures()
