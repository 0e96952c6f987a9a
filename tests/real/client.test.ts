import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runClaude, say, startScriptedApi, tempRepo, use } from '@pcc/test-kit'
import { expect, it } from 'vitest'

it('lets the client edit a file by script', async () => {
  const repo = tempRepo({ files: { 'a.txt': 'one two\n' } })
  const api = await startScriptedApi()
  const file = join(repo.root, 'a.txt')
  api.script('alpha', [
    use('Read', { file_path: file }),
    use('Edit', { file_path: file, old_string: 'one', new_string: 'ONE' }),
    say('edited'),
  ])
  const run = await runClaude({ cwd: repo.root, home: repo.home, api, prompt: '[[alpha]] edit a.txt' })
  console.log(run.stdout.slice(0, 1500), run.stderr, run.code)
  console.log(api.requests.map((r) => [r.method, r.url, r.tag, r.model, r.body.stream, r.answeredBy, r.body.messages.length]))
  console.log(JSON.stringify(api.requests[2]?.body.messages, null, 1).slice(0, 6000))
  console.log(api.requests[2]?.texts.map((t) => t.slice(0, 100)))
  expect(readFileSync(file, 'utf8')).toBe('ONE two\n')
})
