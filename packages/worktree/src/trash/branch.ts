import { copyFile, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { WorktreeError } from '../errors.js'
import { errnoOf, syncFile, syncFolder, writeDurably } from './durable.js'
import { plumb, plumbText } from './plumbing.js'

/** A branch that a removal takes, and where what belongs to it is kept. */
export interface BranchPlace {
  commonDir: string
  /** The removal's folder. */
  folder: string
  branch: string
  head: string
}

type Setting = [key: string, value: string | null]

function reflogPath(place: BranchPlace): string {
  return join(place.commonDir, 'logs', 'refs', 'heads', place.branch)
}

function savedReflog(place: BranchPlace): string {
  return join(place.folder, 'branch-reflog')
}

function savedConfig(place: BranchPlace): string {
  return join(place.folder, 'branch-config.json')
}

/** The id that the branch points at, `null` when there is no such branch. */
export async function branchTip(commonDir: string, branch: string): Promise<string | null> {
  const args = ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}^{commit}`]
  const { code, stdout } = await plumb(args, { gitDir: commonDir, readOnly: true, okCodes: [0, 1] })
  return code === 0 ? stdout.toString('utf8').trim() : null
}

/** True when the branch is another name for a ref, so that deleting it would delete that one. */
export async function isSymbolic(commonDir: string, branch: string): Promise<boolean> {
  const args = ['symbolic-ref', '--quiet', `refs/heads/${branch}`]
  return (await plumb(args, { gitDir: commonDir, readOnly: true, okCodes: [0, 1] })).code === 0
}

async function branchSettings(place: BranchPlace): Promise<Setting[]> {
  const args = ['config', '--local', '-z', '--list']
  const text = await plumbText(args, { gitDir: place.commonDir, readOnly: true })
  const prefix = `branch.${place.branch}.`
  return text.split('\0').flatMap((field): Setting[] => {
    const at = field.indexOf('\n')
    const key = at === -1 ? field : field.slice(0, at)
    if (!key.startsWith(prefix) || key.slice(prefix.length).includes('.')) return []
    return [[key, at === -1 ? null : field.slice(at + 1)]]
  })
}

/** Puts the reflog and the settings of a branch aside, before it is deleted. */
export async function saveBranch(place: BranchPlace): Promise<void> {
  try {
    // copied, so that it keeps its mode
    await copyFile(reflogPath(place), savedReflog(place))
    await syncFile(savedReflog(place))
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
  await writeDurably(savedConfig(place), `${JSON.stringify(await branchSettings(place))}\n`)
}

/** Deletes the branch if it still points at the judged commit; false when it does not. Its settings go with it. */
export async function deleteBranch(place: BranchPlace): Promise<boolean> {
  const name = `refs/heads/${place.branch}`
  const args = ['update-ref', '--no-deref', '-d', name, place.head]
  const { code, stderr } = await plumb(args, { gitDir: place.commonDir, okCodes: [0, 1, 128] })
  if (code !== 0) {
    if ((await branchTip(place.commonDir, place.branch)) !== place.head) return false
    throw new WorktreeError(
      'WORKTREE_GIT_FAILED',
      `branch '${place.branch}' could not be deleted: ${stderr.trim()}`,
      {
        data: { branch: place.branch, stderr },
      },
    )
  }
  if ((await branchSettings(place)).length > 0) {
    await plumb(['config', '--local', '--remove-section', `branch.${place.branch}`], {
      gitDir: place.commonDir,
    })
  }
  return true
}

async function readSavedConfig(place: BranchPlace): Promise<Setting[]> {
  try {
    return JSON.parse(await readFile(savedConfig(place), 'utf8')) as Setting[]
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

async function putSettingsBack(place: BranchPlace): Promise<void> {
  const saved = await readSavedConfig(place)
  if (saved.length === 0) return
  const present = new Set((await branchSettings(place)).map((setting) => JSON.stringify(setting)))
  for (const setting of saved) {
    if (present.has(JSON.stringify(setting))) continue
    const [key, value] = setting
    await plumb(['config', '--local', '--add', key, value ?? 'true'], { gitDir: place.commonDir })
  }
}

/** Moves the saved reflog to where the branch's is; what was written there meanwhile stays at its end. */
async function putReflogBack(place: BranchPlace): Promise<void> {
  const target = reflogPath(place)
  const copy = join(place.folder, 'branch-reflog.copy')
  try {
    await copyFile(savedReflog(place), copy)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return
    throw error
  }
  await mkdir(dirname(target), { recursive: true })
  try {
    await link(copy, target)
    await rm(copy)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
    const [saved, present] = await Promise.all([readFile(copy), readFile(target)])
    if (present.subarray(0, saved.length).equals(saved)) return rm(copy)
    await writeFile(copy, Buffer.concat([saved, present]))
    await rename(copy, target)
  }
  await syncFolder(dirname(target))
}

/**
 * Brings the branch back, with its reflog and settings. Can be repeated. A branch that was never deleted, or that has moved since,
 * is left as it is.
 *
 * @throws WorktreeError `WORKTREE_GIT_FAILED` when a branch of that name cannot be made
 */
export async function putBranchBack(place: BranchPlace): Promise<void> {
  const tip = await branchTip(place.commonDir, place.branch)
  if (tip === null) {
    // without an entry of its own, so that the saved reflog is all there is
    const args = ['-c', 'core.logAllRefUpdates=false', 'update-ref', '--no-deref', '--stdin', '-z']
    const input = `create refs/heads/${place.branch}\0${place.head}\0`
    await plumb(args, { gitDir: place.commonDir, input })
  }
  if (tip !== null && tip !== place.head) return
  await putReflogBack(place)
  await putSettingsBack(place)
}
