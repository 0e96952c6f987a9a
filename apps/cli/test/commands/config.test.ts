import { expect, test } from 'vitest'
import { shell } from '../run.js'

test('a setting that was set is read back, listed with its origin, and unset', async () => {
  const it = shell()
  expect((await it.run(['config', 'set', 'trash.keepDays', '30'])).code).toBe(0)
  expect((await it.run(['config', 'get', 'trash.keepDays'])).stdout).toBe('30\n')
  expect((await it.run(['config', 'get', 'trash.keepDays', '--json'])).json()).toMatchObject({
    value: 30,
    origin: 'user',
  })
  expect((await it.run(['config', 'list', '--origin'])).stdout).toMatch(/user +trash\.keepDays +30/)
  const { settings } = (await it.run(['config', 'list', '--json', '--origin'])).json<{
    settings: { key: string; origin: string }[]
  }>()
  expect(settings.find((row) => row.key === 'agent')).toMatchObject({ value: 'claude', origin: 'default' })
  expect((await it.run(['config', 'unset', 'trash.keepDays'])).code).toBe(0)
  expect((await it.run(['config', 'unset', 'trash.keepDays'])).code).toBe(5)
  expect((await it.run(['config', 'get', 'trash.keepDays'])).stdout).toBe('14\n')
})

test('a list is printed as it is typed', async () => {
  const it = shell()
  await it.run(['config', 'set', 'worktree.keepIgnored', '.env,*.pem'])
  expect((await it.run(['config', 'get', 'worktree.keepIgnored'])).stdout).toBe('.env,*.pem\n')
})

test.each([
  ['an unknown key', ['get', 'trash.days'], /there is no setting/],
  ['a value that does not fit', ['set', 'trash.keepDays', 'soon'], /'soon' is not a number of days/],
  ['no value', ['set', 'trash.keepDays'], /needs a value/],
  ['no key', ['get'], /needs a key/],
  ['an unknown action', ['frob'], /frob|choices/i],
])('%s is wrong usage', async (_name, args, message) => {
  const ran = await shell().run(['config', ...args])
  expect(ran).toMatchObject({ code: 2, stdout: '' })
  expect(ran.stderr).toMatch(message)
})

test('a setting of the user counts: trees go where worktree.dir says', async () => {
  const it = shell()
  const dir = `${it.repo.base}/elsewhere`
  await it.run(['config', 'set', 'worktree.dir', dir])
  const ran = await it.run([
    'start',
    '--no-launch',
    '--pid',
    String(process.pid),
    '--isolation',
    'always',
    '--name',
    'x',
    '--json',
  ])
  expect(ran.json()).toMatchObject({ worktreePath: `${dir}/x` })
})
