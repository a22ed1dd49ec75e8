import { z } from 'zod'

/** More findings would help nobody, and of millions each costs memory. */
const maxWrongItems = 20

/**
 * `z.array()` for lists that strangers send. zod looks at every item and keeps every finding before it asks how long the
 * list may be: 16 MB of wrong items cost gigabytes. Here length comes first, and a few wrong items are enough.
 */
export const boundedList = <Item extends z.ZodType>(
  item: Item,
  { min = 0, max }: { readonly min?: number; readonly max: number },
) =>
  z.preprocess((given, context) => {
    if (!Array.isArray(given)) return given
    const items: readonly unknown[] = given
    if (items.length > max) {
      const issue = { code: 'too_big', origin: 'array', maximum: max, inclusive: true } as const
      context.addIssue({ ...issue, input: items })
      return z.NEVER
    }
    let wrong = 0
    for (const [index, one] of items.entries()) {
      const { error } = item.safeParse(one)
      if (error === undefined) continue
      for (const issue of error.issues)
        context.addIssue({ ...issue, input: one, path: [index, ...issue.path] } as never)
      if ((wrong += 1) >= maxWrongItems) break
    }
    return wrong > 0 ? z.NEVER : items
  }, z.array(item).min(min).max(max))
