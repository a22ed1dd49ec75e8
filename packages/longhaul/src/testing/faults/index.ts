/** For demos and tests that let a service of their own die where it would hurt most. */
export { faultPoints, onFaultPoint, type FaultPoint } from '../../support/fault-point.ts'
