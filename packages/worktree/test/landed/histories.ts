import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { TempRepo } from '@pcc/test-kit'
import type { LandedAnswer } from '../../src/landed.js'

/** Numbers that decide a history; read one after the other, zero when used up. */
export class Dice {
  readonly #numbers: readonly number[]
  #at = 0

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers
  }

  roll(sides: number): number {
    const n = this.#numbers[this.#at] ?? 0
    this.#at += 1
    return n % sides
  }

  pick<T>(from: readonly T[]): T {
    return from[this.roll(from.length)] as T
  }
}

export type Truth = Pick<LandedAnswer, 'state' | 'reverted'>

export interface History {
  tip: string
  base: string
  truth: Truth
  story: string[]
}

const FILES = ['a.txt', 'b.txt', 'src/c.txt', 'src/d.txt']

function firstLines(name: string): string[] {
  return Array.from({ length: 12 }, (_, i) => `${name} line ${i}`)
}

/** Builds one random history in a repository whose `main` holds nothing that matters, and knows what is true of it. */
export class Historian {
  readonly #repo: TempRepo
  readonly #dice: Dice
  readonly #story: string[] = []
  #word = 0
  #hasWorked = false

  constructor(repo: TempRepo, dice: Dice) {
    this.#repo = repo
    this.#dice = dice
  }

  #git(...args: string[]): string {
    return this.#repo.git(...args)
  }

  #tries(...args: string[]): boolean {
    try {
      this.#git(...args)
      return true
    } catch {
      return false
    }
  }

  #fresh(): string {
    this.#word += 1
    return `word ${this.#word}`
  }

  #path(name: string): string {
    return join(this.#repo.root, name)
  }

  #lines(name: string): string[] {
    return readFileSync(this.#path(name), 'utf8').split('\n').slice(0, -1)
  }

  #write(name: string, lines: string[]): void {
    writeFileSync(this.#path(name), lines.map((line) => `${line}\n`).join(''))
  }

  #some(): string | undefined {
    const there = FILES.filter((name) => existsSync(this.#path(name)))
    return there.length === 0 ? undefined : this.#dice.pick(there)
  }

  /** One change of lines in one file. Words are never used twice, so equal content never comes about by chance. */
  #editLines(mayDelete: boolean): string {
    const name = this.#some()
    if (name === undefined) return 'nothing'
    const lines = this.#lines(name)
    const at = this.#dice.roll(lines.length + 1)
    const kind = this.#dice.roll(mayDelete ? 4 : 3)
    if (kind === 0) lines.splice(at, 0, this.#fresh())
    else if (kind === 1) lines.splice(at, 1, this.#fresh())
    else if (kind === 2) lines.splice(at, 2, this.#fresh(), this.#fresh(), this.#fresh())
    else lines.splice(at, 1)
    this.#write(name, lines)
    return `${['insert', 'replace', 'rewrite', 'delete'][kind]} ${name}:${at}`
  }

  #special(): string {
    const name = this.#some()
    const kind = this.#dice.roll(7)
    if (kind === 0 || name === undefined) {
      const added = `new-${this.#fresh().replace(' ', '-')}.txt`
      this.#write(added, [this.#fresh(), this.#fresh()])
      return `add ${added}`
    }
    const path = this.#path(name)
    if (kind === 1) rmSync(path)
    if (kind === 2) renameSync(path, `${path}.${this.#fresh().replace(' ', '-')}`)
    if (kind === 3) chmodSync(path, (statSync(path).mode & 0o111) === 0 ? 0o755 : 0o644)
    if (kind === 4) writeFileSync(this.#path('image.bin'), Buffer.from(`\0${this.#fresh()}\0`))
    if (kind === 5)
      this.#write(
        name,
        this.#lines(name).map((line, i) => (i === 3 ? `  ${line} ` : line)),
      )
    if (kind === 6) return 'empty'
    return `${['', 'remove', 'rename', 'mode', 'binary', 'whitespace'][kind]} ${name}`
  }

  #commit(what: string): string {
    this.#story.push(what)
    this.#git('add', '-A')
    this.#git('commit', '-q', '--allow-empty', '-m', what)
    return this.#git('rev-parse', 'HEAD')
  }

  #workOnBranch(): void {
    const commits = this.#dice.roll(5)
    for (let i = 0; i < commits; i += 1) {
      const what = this.#dice.roll(3) === 0 ? this.#special() : this.#editLines(true)
      this.#commit(`branch: ${what}`)
      this.#hasWorked = true
    }
  }

  #workOnTarget(most: number): void {
    const commits = this.#dice.roll(most + 1)
    for (let i = 0; i < commits; i += 1) this.#commit(`target: ${this.#editLines(false)}`)
  }

  /** Now and then the branch merges the target into itself and works on. */
  #catchUp(): void {
    if (this.#dice.roll(4) > 0) return
    const target = this.#git('rev-parse', 'HEAD')
    this.#git('checkout', '-q', 'work')
    if (this.#tries('merge', '-q', '-m', 'catch up', target)) {
      this.#story.push('branch catches up')
      if (this.#git('rev-parse', 'HEAD') !== target) this.#hasWorked = true
      this.#workOnBranch()
    } else this.#git('merge', '--abort')
    this.#git('checkout', '-q', '--detach', target)
    if (this.#dice.roll(2) === 0) this.#workOnTarget(1)
  }

  /** Returns what a later revert would take back, or `null` when nothing landed. */
  #land(): { units: string[]; keepsCommits: boolean } | null {
    const how = this.#dice.pick(['nothing', 'forward', 'merge', 'squash', 'rebase'] as const)
    this.#story.push(`land by ${how}`)
    const before = this.#git('rev-parse', 'HEAD')
    if (how === 'nothing') return null
    if (how === 'forward' && this.#tries('merge', '-q', '--ff-only', 'work')) {
      return { units: this.#since(before), keepsCommits: true }
    }
    if (how === 'merge' && this.#tries('merge', '-q', '--no-ff', '-m', 'merge work', 'work')) {
      return { units: [this.#git('rev-parse', 'HEAD')], keepsCommits: true }
    }
    if (how === 'squash' && this.#tries('merge', '-q', '--squash', 'work')) {
      this.#git('commit', '-q', '--allow-empty', '-m', 'squash work')
      return { units: [this.#git('rev-parse', 'HEAD')], keepsCommits: false }
    }
    this.#git('reset', '-q', '--hard', before)
    if (how === 'rebase' && this.#rebase(before)) {
      // picking onto the very commit that the branch stands on gives the same commits again
      return {
        units: this.#since(before),
        keepsCommits: this.#tries('merge-base', '--is-ancestor', 'work', 'HEAD'),
      }
    }
    this.#tries('cherry-pick', '--abort')
    this.#git('reset', '-q', '--hard', before)
    this.#story.push('landing failed')
    return null
  }

  #rebase(onto: string): boolean {
    const commits = this.#git('rev-list', '--reverse', '--no-merges', `${onto}..work`)
      .split('\n')
      .filter(Boolean)
    return commits.every((id) => this.#tries('cherry-pick', '--allow-empty', '--keep-redundant-commits', id))
  }

  #since(before: string): string[] {
    return this.#git('rev-list', '--no-merges', `${before}..HEAD`).split('\n').filter(Boolean)
  }

  #revert(commit: string): string | null {
    const isMerge = this.#git('rev-list', '--parents', '-1', commit).split(' ').length > 2
    const before = this.#git('rev-parse', 'HEAD')
    if (this.#tries('revert', '--no-edit', ...(isMerge ? ['-m', '1'] : []), commit)) {
      if (this.#git('rev-parse', 'HEAD^{tree}') !== this.#git('rev-parse', `${before}^{tree}`)) {
        this.#story.push('revert')
        return this.#git('rev-parse', 'HEAD')
      }
    }
    this.#tries('revert', '--abort')
    this.#git('reset', '-q', '--hard', before)
    return null
  }

  /** Later life of the target: edits, reverts of what landed, and reverts of these reverts. Returns how many reverts stand. */
  #goOn(units: readonly string[]): number {
    const standing: string[] = []
    const open = [...units]
    const steps = this.#dice.roll(5)
    for (let i = 0; i < steps; i += 1) {
      const what = this.#dice.roll(4)
      if (what === 0 && open.length > 0) {
        const reverted = this.#revert(open[0] as string)
        if (reverted !== null) standing.push(reverted)
        if (reverted !== null) open.shift()
      } else if (what === 1 && standing.length > 0) {
        if (this.#revert(standing.at(-1) as string) !== null) standing.pop()
      } else this.#commit(`target: ${this.#editLines(false)}`)
    }
    return standing.length
  }

  build(): History {
    this.#git('checkout', '-q', '-f', '--detach', 'main')
    this.#git('clean', '-qfdx')
    mkdirSync(this.#path('src'), { recursive: true })
    this.#tries('branch', '-D', 'work')
    for (const name of FILES) this.#write(name, firstLines(name))
    const base = this.#commit('base')
    this.#git('checkout', '-q', '-b', 'work')
    this.#workOnBranch()
    this.#git('checkout', '-q', '--detach', base)
    this.#workOnTarget(3)
    this.#catchUp()
    const tip = this.#git('rev-parse', 'work')
    const parted = this.#git('merge-base', 'work', 'HEAD')
    const landing = this.#land()
    const reverts = this.#goOn(landing?.units ?? [])
    this.#git('update-ref', 'refs/heads/target', 'HEAD')
    return { tip, base, truth: this.#truth({ tip, parted, landing, reverts }), story: this.#story }
  }

  #truth(facts: {
    tip: string
    parted: string
    landing: { keepsCommits: boolean } | null
    reverts: number
  }): Truth {
    const { tip, parted, landing, reverts } = facts
    if (!this.#hasWorked) return { state: 'no-work', reverted: false }
    if (landing?.keepsCommits === true) return { state: 'landed', reverted: reverts > 0 }
    const isNil = this.#git('rev-parse', `${tip}^{tree}`) === this.#git('rev-parse', `${parted}^{tree}`)
    const isThere = isNil || (landing !== null && reverts === 0)
    return { state: isThere ? 'landed' : 'not-landed', reverted: false }
  }
}
