/** For tests of longhaul itself and of what others build for it. */
export {
  torture,
  type Finding,
  type RunReport,
  type TortureOptions,
  type TortureReport,
} from './torture/index.ts'
