import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FAULT_POINTS } from '../../packages/coordinator/src/fault.js'
import { REMOVE_FAULT_POINTS, RESTORE_FAULT_POINTS } from '../../packages/worktree/src/index.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The points that the sources name themselves; the others come out of the lists that they export. */
function named(): string[] {
  const sources = ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group)).flatMap((room) => {
      const folder = join(root, group, room, 'src')
      return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    }),
  )
  return sources.flatMap((text) =>
    [...text.matchAll(/faultPoint\(\s*'([^']+)'/g)].map((match) => match[1] as string),
  )
}

/** Every place in the product where a crash can be provoked. */
export const ALL_POINTS: readonly string[] = [
  ...new Set([...named(), ...FAULT_POINTS, ...REMOVE_FAULT_POINTS, ...RESTORE_FAULT_POINTS]),
]

/** The points of one use case, in the order of the sources. */
export function pointsOf(...groups: string[]): string[] {
  return ALL_POINTS.filter((point) => groups.includes(point.split(':', 1)[0] as string))
}

/** The environment that kills the program at a point. */
export function killAt(point: string): Record<string, string> {
  return { PARALLEL_CC_FAULTS_ALLOWED: '1', PARALLEL_CC_FAULT: point }
}
