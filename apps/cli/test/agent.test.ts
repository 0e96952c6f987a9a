import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { findAgent, splitWords } from '../src/agent.js'

describe('the words of an agent’s command line', () => {
  test.each([
    ['claude', ['claude']],
    ['claude --model opus', ['claude', '--model', 'opus']],
    [`my-agent 'one word' "two words" a\\ b`, ['my-agent', 'one word', 'two words', 'a b']],
    ['agent $HOME ${X}', ['agent', '$HOME', '$X']],
    ['agent *.md', ['agent', '*.md']],
  ])('%s', (command, words) => {
    expect(splitWords(command)).toEqual(words)
  })

  test.each(['a | b', 'a > b', 'a; b', 'a && b', 'a # b', 'a &'])(
    '%s needs a shell, and is refused',
    (command) => {
      expect(() => splitWords(command)).toThrow(/only a shell understands/)
    },
  )

  test('of nothing is refused', () => {
    expect(() => splitWords('  ')).toThrow(/empty/)
  })
})

describe('the program of an agent', () => {
  test('is found on the search path that is given, with its own arguments first', async () => {
    const bin = join(tempDir(), 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'agent'), '#!/bin/sh\n')
    chmodSync(join(bin, 'agent'), 0o755)
    expect(await findAgent('agent --fast', bin)).toEqual({ command: join(bin, 'agent'), args: ['--fast'] })
    await expect(findAgent('agent', tempDir())).rejects.toThrow(/'agent' is not on the search path/)
  })
})
