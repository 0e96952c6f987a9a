import { UsageError } from './exit-codes.js'

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Milliseconds of a duration as typed: `90s`, `30m`, `1.5h`, `2d`; a number alone means minutes, `never` is `null`.
 *
 * @throws UsageError when it is none.
 */
export function durationOf(typed: string): number | null {
  if (typed === 'never') return null
  const [, number, unit = 'm'] = /^(\d+(?:\.\d+)?)([smhd])?$/.exec(typed.trim()) ?? []
  const ms = Math.round(Number(number) * (UNITS[unit] ?? Number.NaN))
  if (ms > 0) return ms
  throw new UsageError(`'${typed}' is no duration`, 'Write 90s, 30m, 4h, 2d or never.')
}
