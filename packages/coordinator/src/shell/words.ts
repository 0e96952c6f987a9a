import type { Node } from 'web-tree-sitter'

/** The text that a word stands for; `null` when only the shell knows: variables, substitutions, globs, `~`. */
export type Word = string | null

function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/g, (_, character: string) => (character === '\n' ? '' : character))
}

function bareWord(text: string, isFirst: boolean): Word {
  if (isFirst && text.startsWith('~')) return null
  // what is escaped is no pattern
  return /[*?[{}]/.test(text.replace(/\\[\s\S]/g, '')) ? null : unescaped(text)
}

function quoted(node: Node): Word {
  if (node.namedChildren.some((child) => child?.type !== 'string_content')) return null
  const text = node.text.slice(node.text.indexOf('"') + 1, -1)
  return text.replace(/\\([$`"\\\n])/g, (_, character: string) => (character === '\n' ? '' : character))
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

const ANSI_C = /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([0-7]{1,3})|([\s\S]))/g

function ansiC(text: string): Word {
  let isBytes = false
  const decoded = text.replace(ANSI_C, (...groups: string[]) => {
    const [, hex, unicode, octal, one = ''] = groups as [string, ...(string | undefined)[]]
    const code = hex ?? unicode ?? octal
    if (code === undefined) return ESCAPES[one] ?? one
    const value = Number.parseInt(code, octal === undefined ? 16 : 8)
    // bytes above ASCII are parts of characters in some encoding
    if (unicode === undefined && value > 127) isBytes = true
    return String.fromCharCode(value)
  })
  return isBytes ? null : decoded
}

function joined(node: Node): Word {
  let text = ''
  for (const [index, child] of node.children.entries()) {
    const part = child === null ? null : partOf(child, index === 0)
    if (part === null) return null
    text += part
  }
  return text
}

function partOf(node: Node, isFirst: boolean): Word {
  switch (node.type) {
    case 'word':
    case 'number':
    case 'variable_name':
      return bareWord(node.text, isFirst)
    case 'string':
      return quoted(node)
    case 'raw_string':
      return node.text.slice(1, -1)
    case 'ansi_c_string':
      return ansiC(node.text.slice(2, -1))
    case 'translated_string':
      return node.firstNamedChild === null ? null : quoted(node.firstNamedChild)
    case 'concatenation':
    case 'command_name':
      return joined(node)
    default:
      return node.isNamed ? null : bareWord(node.text, isFirst)
  }
}

/** Reads a word of a command. */
export function wordOf(node: Node): Word {
  const text = partOf(node, true)
  return text?.includes('\0') === true ? null : text
}
