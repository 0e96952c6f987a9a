import { tempDir, writeFiles } from '@pcc/test-kit'
import { beforeEach, describe, expect, test } from 'vitest'
import { mayWrite, writeTargets } from '../../src/shell/write-targets.js'

let cwd: string

beforeEach(() => {
  cwd = tempDir()
  writeFiles(cwd, { 'src/a.ts': '', file: '' })
})

/** `by path`, relative to where the shell began; `?` for what could not be read; `(tree)` for all of it. */
async function seen(command: string): Promise<string[]> {
  const { targets, unread } = await writeTargets(command, cwd)
  const lines = targets.map(({ path, by, isWholeTree }) => {
    const short = path === cwd ? '.' : path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path
    return `${by} ${short}${isWholeTree === true ? ' (tree)' : ''}`
  })
  return unread ? [...lines, '?'] : lines
}

describe('redirections', () => {
  test.each<[string, string[]]>([
    ['echo hi > out', ['redirect out']],
    ['echo hi >> out', ['redirect out']],
    ['echo hi >| out', ['redirect out']],
    ['make &> out', ['redirect out']],
    ['make &>> out', ['redirect out']],
    ['make >& out', ['redirect out']],
    ['exec 3<> out', ['redirect out']],
    ['make > out 2>&1', ['redirect out']],
    ['make 2> errors 1> out', ['redirect errors', 'redirect out']],
    ['> out', ['redirect out']],
    ['> out echo hi', ['redirect out']],
    ['echo > "a b"\'c\'d\\ e', ['redirect a bcd e']],
    ["echo > $'a\\tb'", ['redirect a\tb']],
    ['echo > /abs/file', ['redirect /abs/file']],
    ['cat > out <<EOF\nrm x > y\nEOF', ['redirect out']],
    ['cat <<EOF > out\nrm x\nEOF\nrm z', ['redirect out', 'rm z']],
    ["cat <<'EOF' | tee out\n$(rm x)\nEOF", ['tee out']],
    ['cat <<EOF && rm y\nx\nEOF', ['rm y']],
    ['cat <<EOF\n$(rm x)\nEOF', ['rm x']],
    ['cat <<< hi > out', ['redirect out']],
    ['{ echo; echo; } > out', ['redirect out']],
    ['(cd src; echo) > out', ['redirect out']],
    ['while read -r x; do echo; done < in > out', ['redirect out']],
    ['a | b | c > out', ['redirect out']],
    ['echo > /dev/null 2> /dev/stderr', []],
    ['cat < in 2>&1', []],
    ['[[ a > b ]] && echo $((2 > 1))', []],
    ['echo "a > b" \'> c\' \\> d', []],
    ['grep -r "rm -rf" . # > nothing', []],
    ['rm > log x', ['redirect log', 'rm x']],
  ])('%s', async (command, expected) => {
    expect(await seen(command)).toEqual(expected)
  })
})

describe('programs', () => {
  test.each<[string, string[]]>([
    ['echo | tee a b', ['tee a', 'tee b']],
    ['echo | tee -a -- -x', ['tee -x']],
    ['sed -i s/a/b/ f', ['sed -i f']],
    ['sed -i.bak s/a/b/ f g', ['sed -i f', 'sed -i g']],
    ["sed -i '' s/a/b/ f", ['sed -i f']],
    ["sed -i '.bak' -e s/a/b/ f", ['sed -i f']],
    ['sed -Ei -e s/a/b/ -e s/c/d/ f', ['sed -i f']],
    ['sed --in-place=.b --expression=s/a/b/ f', ['sed -i f']],
    ['sed -n -e 1p -i f', ['sed -i f']],
    ['sed -n 1,5p f', []],
    ['sed -e s/i/-i/ f', []],
    ['perl -i -pe s/a/b/ f', ['perl -i f']],
    ['perl -pi -e s/a/b/ f g', ['perl -i f', 'perl -i g']],
    ['perl -i.bak -0777 -pe s/a/b/ f', ['perl -i f']],
    ['perl -0pi -e s/a/b/ f', ['perl -i f']],
    ['perl -lane print f', []],
    ['perl -e print f', []],
    ['mv a b', ['mv a', 'mv b']],
    ['mv a b src', ['mv a', 'mv b', 'mv src/a', 'mv src/b']],
    ['mv a src/', ['mv a', 'mv src/a']],
    ['mv -t src a', ['mv a', 'mv src/a']],
    ['cp a b', ['cp b']],
    ['cp -r a src', ['cp src/a']],
    ['cp --target-directory=src a x/b', ['cp src/a', 'cp src/b']],
    ['cp -T a src', ['cp src']],
    ['rm -rf -- a "b c"', ['rm a', 'rm b c']],
    ['/bin/rm a; \\rm b; "rm" c; r\\m d', ['rm a', 'rm b', 'rm c', 'rm d']],
    ['truncate -s 0 f', ['truncate f']],
    ['dd if=a of=b bs=1', ['dd of= b']],
    ['install -m 755 a b', ['install b']],
    ['install -d a b', []],
    ['ln -s a b', ['ln b']],
    ['ln -s ../x/a', ['ln a']],
    ['touch -d yesterday f', ['touch f']],
    ['unlink f', ['unlink f']],
    ['find . -name x -delete', ['?']],
    ['find . -exec rm {} +', ['?']],
    ['find . -name "*.ts"', []],
    ['ls | xargs rm', ['?']],
    ['source ./x.sh', ['?']],
  ])('%s', async (command, expected) => {
    expect(await seen(command)).toEqual(expected)
  })
})

describe('git', () => {
  test.each<[string, string[]]>([
    ['git checkout -- src/a.ts', ['git checkout src/a.ts']],
    ['git checkout HEAD~1 -- src/a.ts f', ['git checkout src/a.ts', 'git checkout f']],
    ['git checkout src/a.ts', ['git checkout src/a.ts']],
    ['git checkout HEAD src/a.ts', ['git checkout src/a.ts']],
    ['git checkout main', ['git checkout . (tree)']],
    ['git checkout -b new', []],
    ['git checkout -b new origin/main', ['git checkout . (tree)']],
    ['git checkout .', ['git checkout . (tree)']],
    ['git switch -c new', []],
    ['git switch main', ['git switch . (tree)']],
    ['git restore src/a.ts', ['git restore src/a.ts']],
    ['git restore --source=HEAD~2 --staged --worktree -- f', ['git restore f']],
    ['git restore --staged f', []],
    ['git stash pop', ['git stash pop . (tree)']],
    ['git stash apply stash@{1}', ['git stash apply . (tree)']],
    ['git stash', ['git stash . (tree)']],
    ['git stash list', []],
    ['git stash show -p', []],
    ['git reset --hard HEAD', ['git reset --hard . (tree)']],
    ['git reset f', []],
    ['git clean -fdx', ['git clean . (tree)']],
    ['git clean -nd', []],
    ['git clean -f src', ['git clean src']],
    ['git rm f', ['git rm f']],
    ['git rm --cached f', []],
    ['git mv f g', ['git mv f', 'git mv g']],
    ['git -C src checkout -- a.ts', ['git checkout src/a.ts']],
    ['git -c core.x=y --no-pager restore f', ['git restore f']],
    ['git --work-tree=/x checkout -- f', ['?']],
    ['git apply a.patch', ['?']],
    ['git apply --check a.patch', []],
    ['git status && git log --oneline | head; git diff HEAD > /dev/null; git show HEAD:f', []],
    ['git add -A && git commit -m "rm > x"', []],
    ['git commit -m "$(cat <<\'E\'\nrm -rf x > y\nE\n)"', []],
  ])('%s', async (command, expected) => {
    expect(await seen(command)).toEqual(expected)
  })
})

describe('where the shell stands', () => {
  test.each<[string, string[]]>([
    ['cd src && echo > a.ts', ['redirect src/a.ts']],
    ['cd src; rm a.ts; cd ..; rm b', ['rm src/a.ts', 'rm b']],
    ['(cd src && rm a.ts); rm b', ['rm src/a.ts', 'rm b']],
    ['cd src | tee x; rm b', ['tee x', 'rm b']],
    ['cd src || exit 1; rm a.ts', ['rm src/a.ts']],
    ['pushd src; rm a.ts; popd; rm b', ['rm src/a.ts', '?']],
    ['cd /x/y && rm z', ['rm /x/y/z']],
    ['cd "$D" && rm z /abs', ['rm /abs', '?']],
    ['cd -P src; rm z', ['rm src/z']],
    ['if [ -d src ]; then cd src; rm a.ts; fi; rm b', ['rm src/a.ts', '?']],
    ['cd src > log; rm a', ['redirect log', 'rm src/a']],
    ['env -C src rm a.ts', ['rm src/a.ts']],
    ['rm src/../x', ['rm src/../x']],
  ])('%s', async (command, expected) => {
    expect(await seen(command)).toEqual(expected)
  })
})

describe('commands inside commands', () => {
  test.each<[string, string[]]>([
    ["bash -c 'echo > out; cd src; rm a.ts'; rm b", ['redirect out', 'rm src/a.ts', 'rm b']],
    ['sh -lc "rm a"', ['rm a']],
    ['bash -c "rm $X"', ['?']],
    ['bash script.sh', ['?']],
    ['eval "rm a"', ['rm a']],
    ['sudo -u me rm a', ['rm a']],
    ['env X=1 Y=2 rm a', ['rm a']],
    ['X=1 rm a', ['rm a']],
    ['nohup nice -n 5 timeout 5 rm a &', ['rm a']],
    ['time rm a', ['rm a']],
    ['command -v rm', []],
    ['! rm a', ['rm a']],
    ['echo "$(rm a)" `rm b` <(rm c)', ['rm a', 'rm b', 'rm c']],
    ['X=$(rm a)', ['rm a']],
    ['for f in 1 2; do rm a; done', ['rm a']],
    ['for f in *.ts; do rm "$f"; done', ['?']],
    ['case x in x) rm a;; y) rm b;; esac', ['rm a', 'rm b']],
    ['f() { rm a; }; f', ['rm a']],
    ['f() { rm a; }', []],
    ['f() { f; f; f; f; f; f; }; f; rm a', ['?']],
    ['rm $X a "b$Y" *.c ~/d {e,f} g\\*', ['rm a', 'rm g*', '?']],
    ['$CMD a', ['?']],
  ])('%s', async (command, expected) => {
    expect(await seen(command)).toEqual(expected)
  })
})

describe('what cannot be read', () => {
  test('is let pass, with what stands before it judged', async () => {
    expect(await seen('rm a\nrm b )) > (\nrm c')).toContain('?')
  })

  test('a command longer than the limit is not read', async () => {
    expect(await seen(`rm a${' '.repeat(40_000)}`)).toEqual(['?'])
  })

  test('commands that write nothing are told apart without parsing them', () => {
    const plain = [
      'ls -la',
      'npm test',
      'git status',
      'git log -3',
      'pnpm run build && node x.js',
      'cat a | head',
    ]
    expect(plain.filter(mayWrite)).toEqual([])
  })

  test('ten thousand texts of random shell neither fail nor hang', async () => {
    const pieces = [
      '( ) { } < > | & ; $ ` " \' \\ # ! * ~ <<E $( ${ $(( [[ ]] if then fi do done case esac ;;'.split(' '),
      ['\n', ' ', '\nE\n', 'rm a', 'cd b', 'sed -i', 'git checkout --', 'bash -c', 'f()', 'x=1'],
      ['\u0000', 'é', '😀', '>&', '<>', '{a,b}'],
    ].flat()
    let state = 20_260
    const next = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return (state >>> 8) % below
    }
    const rounds = process.env['PCC_DEEP'] === '1' ? 10_000 : 1000
    for (let round = 0; round < rounds; round++) {
      const text = Array.from({ length: next(60) }, () => pieces[next(pieces.length)]).join('')
      const { targets } = await writeTargets(text, cwd)
      expect(targets.every((target) => target.path.startsWith('/'))).toBe(true)
    }
  }, 120_000)

  test('functions that call each other without end are given up', async () => {
    const calls = Array.from({ length: 300 }, () => 'f').join('; ')
    expect(await seen(`f() { ${calls}; }; f; rm a`)).toEqual(['?'])
  })

  test.each(['(', '$(', '{ ', 'if ', '<<E ', '`', '"$(', 'a|', '!'])(
    '%s over and over neither fails nor hangs',
    async (piece) => {
      const { unread } = await writeTargets(`${piece.repeat(Math.floor(30_000 / piece.length))}rm a`, cwd)
      expect(typeof unread).toBe('boolean')
    },
  )
})
