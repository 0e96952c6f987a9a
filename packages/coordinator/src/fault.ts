/**
 * A place where a crash test may kill this process. Does nothing unless both variables are set, which only tests do: production
 * never sets `PARALLEL_CC_FAULTS_ALLOWED`.
 */
export function faultPoint(name: string): void {
  if (process.env['PARALLEL_CC_FAULTS_ALLOWED'] !== '1' || process.env['PARALLEL_CC_FAULT'] !== name) return
  process.kill(process.pid, 'SIGKILL')
}
