import { setProcessEnv, tempRepo } from '@pcc/test-kit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { landedStates } from '../src/landed.js'
import { Dice, Historian } from './landed/histories.js'

const isDeep = process.env['PCC_DEEP'] === '1'
const HISTORIES = isDeep ? 2000 : 40
const SEED = Number(process.env['PCC_SEED'] ?? 20260102)

test(`in ${HISTORIES} generated histories nothing is called landed that is not, and at most 1 % is missed`, {
  timeout: isDeep ? 3_600_000 : 120_000,
}, async () => {
  const repo = tempRepo()
  setProcessEnv(repo.env)
  const dice = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 80, maxLength: 80 })
  const missed: string[] = []
  const wrong: string[] = []
  const seen = new Map<string, number>()
  for (const numbers of fc.sample(dice, { seed: SEED, numRuns: HISTORIES })) {
    const { tip, base, truth, story } = new Historian(repo, new Dice(numbers)).build()
    const [answer] = await landedStates(repo.root, [{ tip, base, branch: 'refs/heads/work' }], {
      targets: ['refs/heads/target'],
    })
    const told = [`${truth.state}${truth.reverted ? ' reverted' : ''}`, answer?.state, answer?.method].join(
      ' → ',
    )
    seen.set(told, (seen.get(told) ?? 0) + 1)
    const account = `${told} reverted=${answer?.reverted}: ${story.join(' · ')}`
    if (answer?.state === 'not-landed' && truth.state === 'landed') missed.push(account)
    else if (answer?.state !== truth.state || answer.reverted !== truth.reverted) wrong.push(account)
  }
  if (isDeep) console.log(JSON.stringify({ seen: Object.fromEntries([...seen].toSorted()), missed }, null, 1))
  expect(wrong).toEqual([])
  expect(missed.slice(Math.ceil(HISTORIES / 100))).toEqual([])
  expect(seen.size).toBeGreaterThan(5)
})
