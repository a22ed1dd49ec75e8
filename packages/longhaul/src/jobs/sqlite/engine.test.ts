import { engineConformance } from '../engine.conformance.ts'
import { openEngineForTest } from './open-for-test.ts'

engineConformance('sqlite', openEngineForTest)
