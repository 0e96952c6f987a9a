/** The places of this room where a crash test may kill the process, in the order in which they are passed. */
export const FAULT_POINTS = [
  'start:reserving',
  'start:reserved',
  'start:tree-made',
  'start:active',
  'start:attaching',
  'start:attached',
  'stop:ending',
  'stop:ended',
  'cleanup:sessions-ended',
  'deliver:marked',
] as const

export type FaultPoint = (typeof FAULT_POINTS)[number]

/**
 * A place where a crash test may kill this process. Does nothing unless both variables are set, which only tests do: production
 * never sets `PARALLEL_CC_FAULTS_ALLOWED`.
 */
export function faultPoint(name: FaultPoint): void {
  if (process.env['PARALLEL_CC_FAULTS_ALLOWED'] !== '1' || process.env['PARALLEL_CC_FAULT'] !== name) return
  process.kill(process.pid, 'SIGKILL')
}
