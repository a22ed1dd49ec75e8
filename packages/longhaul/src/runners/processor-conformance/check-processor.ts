import { ProtocolDriver, type ProcessorCommand } from './protocol-driver.ts'
import { rules } from './rules.ts'

export interface RuleReport {
  readonly id: string
  readonly title: string
  readonly ok: boolean
  /** What was expected and what came, when not ok. */
  readonly detail?: string
}

/**
 * Holds a command to every rule of the processor protocol. It must serve one processor named `conformance`, as the
 * reference page describes it. Each rule has a process of its own; `only` names the rules to check.
 *
 * @example
 * const report = await checkProcessor({ command: './conformance.sh', cwd: import.meta.dirname })
 * console.log(report.filter((rule) => !rule.ok))
 */
export async function checkProcessor(
  command: ProcessorCommand,
  only: readonly string[] = rules.map(({ id }) => id),
): Promise<readonly RuleReport[]> {
  const reports: RuleReport[] = []
  for (const { id, title, check } of rules.filter((rule) => only.includes(rule.id))) {
    const drivers: ProtocolDriver[] = []
    try {
      await check((processor) => {
        const driver = new ProtocolDriver(command, processor)
        drivers.push(driver)
        return driver
      })
      reports.push({ id, title, ok: true })
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      reports.push({ id, title, ok: false, detail })
    } finally {
      for (const driver of drivers) await driver.close()
    }
  }
  return reports
}
