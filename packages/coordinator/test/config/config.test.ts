import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '@pcc/test-kit'
import { describe, expect, test } from 'vitest'
import { setConfig, unsetConfig } from '../../src/config/change.js'
import { knownKey, loadConfig } from '../../src/config/load.js'
import { CONFIG_KEYS, SETTINGS } from '../../src/config/schema.js'

const fileIn = (dir: string) => join(dir, 'state', 'config.json')

describe('reading', () => {
  test('without a file every setting has its default', () => {
    const { values, origins } = loadConfig(fileIn(tempDir()))
    for (const key of CONFIG_KEYS) {
      expect(values[key]).toEqual(SETTINGS[key].default)
      expect(origins[key]).toBe('default')
    }
  })

  test('the file of the user wins, and says so', () => {
    const file = join(tempDir(), 'config.json')
    writeFileSync(file, '{"trash":{"keepDays":3},"worktree":{"keepIgnored":["*.log"]}}')
    const { values, origins } = loadConfig(file)
    expect(values['trash.keepDays']).toBe(3)
    expect(values['worktree.keepIgnored']).toEqual(['*.log'])
    expect(origins['trash.keepDays']).toBe('user')
    expect(origins['rescue.keepDays']).toBe('default')
  })

  test.each([
    ['no JSON', '{', /is not valid JSON/],
    ['an array', '[]', /does not hold a JSON object/],
    ['a wrong type', '{"trash":{"keepDays":"soon"}}', /trash\.keepDays must be a number of days/],
    ['a negative number', '{"trash":{"keepDays":-1}}', /trash\.keepDays must be/],
    ['an unknown backend', '{"worktree":{"backend":"svn"}}', /worktree\.backend must be git or gtr/],
    ['an unknown key', '{"trash":{"days":1}}', /no setting 'trash\.days'/],
  ])('refuses %s and names the file or the key', (_name, content, message) => {
    const file = join(tempDir(), 'config.json')
    writeFileSync(file, content)
    expect(() => loadConfig(file)).toThrow(message)
    expect(readFileSync(file, 'utf8')).toBe(content)
  })

  test('a folder in place of the file is an error, not an empty configuration', () => {
    expect(() => loadConfig(tempDir())).toThrow(/cannot be read \(EISDIR\)/)
  })
})

describe('changing', () => {
  test('set and unset leave the rest of the file as it was', () => {
    const file = fileIn(tempDir())
    setConfig(file, 'trash.keepDays', '30')
    setConfig(file, 'worktree.keepIgnored', '.env, *.pem')
    setConfig(file, 'agent', 'claude --verbose')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      trash: { keepDays: 30 },
      worktree: { keepIgnored: ['.env', '*.pem'] },
      agent: 'claude --verbose',
    })
    expect(unsetConfig(file, 'trash.keepDays')).toBe(true)
    expect(unsetConfig(file, 'trash.keepDays')).toBe(false)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      worktree: { keepIgnored: ['.env', '*.pem'] },
      agent: 'claude --verbose',
    })
  })

  test('the file is the user’s alone, and no temporary file stays', () => {
    const dir = tempDir()
    setConfig(fileIn(dir), 'agent', 'claude')
    expect(statSync(fileIn(dir)).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(dir, 'state'))).toEqual(['config.json'])
  })

  test('a value that does not fit is refused and nothing is written', () => {
    const file = fileIn(tempDir())
    expect(() => setConfig(file, 'trash.keepDays', 'soon')).toThrow(/'soon' is not a number of days/)
    expect(existsSync(file)).toBe(false)
  })

  test('a file that cannot be read is not overwritten', () => {
    const file = join(tempDir(), 'config.json')
    writeFileSync(file, '{"trash":')
    expect(() => setConfig(file, 'agent', 'claude')).toThrow(/is not valid JSON/)
    expect(readFileSync(file, 'utf8')).toBe('{"trash":')
  })

  test('a place that cannot be written is named', () => {
    const dir = tempDir()
    writeFileSync(join(dir, 'state'), '')
    expect(() => setConfig(fileIn(dir), 'agent', 'claude')).toThrow(/cannot be (written|read)/)
    chmodSync(dir, 0o700)
  })

  test('a mistyped key gets a suggestion', () => {
    expect(() => knownKey('keepdays')).toThrow(
      expect.objectContaining({
        code: 'COORDINATOR_CONFIG_UNKNOWN_KEY',
        hint: 'Did you mean trash.keepDays?',
      }) as Error,
    )
    expect(() => knownKey('toString')).toThrow(/no setting 'toString'/)
  })
})
