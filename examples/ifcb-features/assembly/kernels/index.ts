/**
 * The inner loops in AssemblyScript: two float64 at a time. Positions are bytes. What each does, and why results are those of
 * the TypeScript ones bit for bit, is said in src/kernels/kernels.ts: the operations are the same, in the same order.
 */
export { energy } from './energy'
export { passOdd } from './pass-odd'
export { pass2, pass3, pass4, pass5 } from './passes'
export { filterRows, gatherRows, scaleRows, transposeRows } from './rows'
