import { copyFile, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errnoOf, syncFile, syncFolder, writeDurably } from './durable.js'
import { kindOf } from './paths.js'
import { plumb, plumbText } from './plumbing.js'

/** A branch that a removal takes, and where what belongs to it is kept. */
export interface BranchPlace {
  commonDir: string
  /** The removal's folder. */
  folder: string
  branch: string
  head: string
}

const CONFIG_FILE = 'branch-config.json'

type Setting = [key: string, value: string]

function reflogPath(place: BranchPlace): string {
  return join(place.commonDir, 'logs', 'refs', 'heads', place.branch)
}

function savedReflog(place: BranchPlace): string {
  return join(place.folder, 'branch-reflog')
}

function savedConfig(place: BranchPlace): string {
  return join(place.folder, CONFIG_FILE)
}

/** The id that the branch points at, `null` when there is no such branch. */
export async function branchTip(commonDir: string, branch: string): Promise<string | null> {
  const args = ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}^{commit}`]
  const { code, stdout } = await plumb(args, { gitDir: commonDir, readOnly: true, okCodes: [0, 1] })
  return code === 0 ? stdout.toString('utf8').trim() : null
}

/** A branch whose name makes this one impossible: `a` and `a/b` cannot both be; `null` when there is none. */
export async function branchInTheWay(commonDir: string, branch: string): Promise<string | null> {
  const parts = branch.split('/')
  const above = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
  for (const name of above) if ((await branchTip(commonDir, name)) !== null) return name
  const args = ['for-each-ref', '--count=1', '--format=%(refname:lstrip=2)', `refs/heads/${branch}/`]
  const below = await plumbText(args, { gitDir: commonDir, readOnly: true })
  return below === '' ? null : below
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
    // a key alone means true; told apart, a repetition would add it again
    return [[key, at === -1 ? 'true' : field.slice(at + 1)]]
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

/** True when the branch may have been deleted: what belongs to it has been put aside. */
export async function isBranchSaved(folder: string): Promise<boolean> {
  return (await kindOf(join(folder, CONFIG_FILE))) !== 'none'
}

/** Deletes the branch if it still points at the judged commit; false when it does not. Its settings go with it. */
export async function deleteBranch(place: BranchPlace): Promise<boolean> {
  const { commonDir, branch, head } = place
  try {
    await plumb(['update-ref', '--no-deref', '-d', `refs/heads/${branch}`, head], { gitDir: commonDir })
  } catch (error) {
    if ((await branchTip(commonDir, branch)) === head) throw error
    await rm(savedConfig(place), { force: true })
    await rm(savedReflog(place), { force: true })
    return false
  }
  if ((await branchSettings(place)).length > 0) {
    await plumb(['config', '--local', '--remove-section', `branch.${branch}`], { gitDir: commonDir })
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
    await plumb(['config', '--local', '--add', key, value], { gitDir: place.commonDir })
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
    const config = { 'core.logAllRefUpdates': 'false' }
    const input = `create refs/heads/${place.branch}\0${place.head}\0`
    await plumb(['update-ref', '--no-deref', '-z', '--stdin'], { gitDir: place.commonDir, config, input })
  }
  if (tip !== null && tip !== place.head) return
  await putReflogBack(place)
  await putSettingsBack(place)
}
