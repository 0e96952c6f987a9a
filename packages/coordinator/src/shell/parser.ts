import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { Language, Parser, type Tree } from 'web-tree-sitter'

/** How often the parser may report progress before it is stopped: some hundred times what a long command needs. */
const MOST_PROGRESS = 4000

/** A bundle has the grammar and the engine beside it; a checkout has them where they were installed. */
function wasmFile(packaged: string): string {
  const here = fileURLToPath(import.meta.url)
  const beside = join(dirname(here), packaged.slice(packaged.indexOf('/') + 1))
  return existsSync(beside) ? beside : createRequire(here).resolve(packaged)
}

async function load(): Promise<Parser> {
  // V8 would optimise all of it at once, which costs 600 ms of CPU time where a parse takes a tenth of one
  setFlagsFromString('--liftoff-only')
  await Parser.init({ wasmBinary: readFileSync(wasmFile('web-tree-sitter/web-tree-sitter.wasm')) })
  const bash = await Language.load(readFileSync(wasmFile('tree-sitter-bash/tree-sitter-bash.wasm')))
  const parser = new Parser()
  parser.setLanguage(bash)
  return parser
}

let loading: Promise<Parser> | undefined

/** Parses a text of shell; `null` when it takes too long. */
export type ParseShell = (text: string) => Tree | null

/** The parser of bash, loaded at its first use. Trees are to be deleted by who gets them. */
export async function shellParser(): Promise<ParseShell> {
  loading ??= load()
  const parser = await loading
  return (text) => {
    let progress = 0
    const tree = parser.parse(text, null, { progressCallback: () => ++progress > MOST_PROGRESS })
    // a parser that was stopped would go on with the old text
    if (tree === null) parser.reset()
    return tree
  }
}
