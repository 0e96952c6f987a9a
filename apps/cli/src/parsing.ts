/** How command lines are read. An option that is given twice has its last value. */
export const PARSING = {
  'populate--': true,
  'boolean-negation': true,
  'duplicate-arguments-array': false,
} as const

/** The value of an option that may have been given more than once, where a command takes a list of words. */
export function lastOf(value: string | readonly string[]): string {
  return typeof value === 'string' ? value : (value.at(-1) ?? '')
}
