import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parsePostgresUrl } from '../../src/dialects/postgres-url.js'

describe('what is shown of a connection URL', () => {
  test.each([
    ['postgres://ann:s3cret@db.example.com:5433/team', 'postgres://ann@db.example.com:5433/team'],
    ['postgresql://ann@%2Ftmp%2Fsocket/team', 'postgres://ann@/tmp/socket/team'],
    [
      'postgres:///team?host=/tmp/socket&user=ann&password=s3cret&port=5433',
      'postgres://ann@/tmp/socket:5433/team',
    ],
    ['postgres://db.example.com/team?sslmode=require', 'postgres://db.example.com/team'],
    ['postgres://ann:p%40ss%2Fw@db/100%25', 'postgres://ann@db/100%'],
    ['postgres://ann:100%@db/x', 'postgres://ann@db/x'],
  ])('%s → %s', (url, shown) => {
    expect(parsePostgresUrl(url).shown).toBe(shown)
  })

  test('every form of the password is taken out of a text', () => {
    const { withoutSecrets } = parsePostgresUrl('postgres://ann:p%40ss@db/x?password=other')
    expect(withoutSecrets('p%40ss p@ss other ann')).toBe('*** *** *** ann')
    expect(parsePostgresUrl('postgres://db/x').withoutSecrets('nothing')).toBe('nothing')
  })
})

test.each([
  'postgres://ann:s3c@ret/word@db/x',
  'postgres://ann:s3c/ret@db/x',
  'postgres://ann:12/s3cret@db/x',
  'postgres://ann:12#s3cret@db/x',
  'postgres://ann:12?s3cret@db/x',
  'mysql://ann:s3cret@db/x',
  's3cret',
  '',
])('an ambiguous URL is refused without showing any of it: %s', (url) => {
  let error: unknown
  try {
    parsePostgresUrl(url)
  } catch (reason) {
    error = reason
  }
  expect(error).toMatchObject({ name: 'StoreError', code: 'STORE_UNREACHABLE' })
  expect(inspect(error, { depth: 9 }).replace(/\n {4}at .*/g, '')).not.toMatch(/s3c|\bret\b|\bword\b/)
})
