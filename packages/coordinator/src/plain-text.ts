/*
 * Names, reasons and messages come from other sessions: whatever agent wrote them may have been talked into it. Before a model or a terminal
 * gets them they lose what it would obey or not show: terminal sequences, control characters, characters that turn the direction of
 * writing, and invisible ones that can carry a text of their own.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const TERMINAL_SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?)/g

const HALF_CHARACTERS = /\p{Surrogate}/gu

const LINE_ENDS = /\r\n|[\r\u0085\u2028\u2029]/g

const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e0fff}]/gu

/** Marks in which the client wraps what the model is to take as the system's or the user's. */
const FRAMES =
  /<(?=\s*\/?\s*(?:system|user|human|assistant|cross-session|channel|function|tool|antml)[\w:-]*)/gi

/** Text in lines, without what a reader would obey or not see. */
export function plainText(text: string): string {
  return text
    .replace(HALF_CHARACTERS, '\ufffd')
    .replace(TERMINAL_SEQUENCES, '')
    .replace(LINE_ENDS, '\n')
    .replace(HIDDEN, '')
    .replace(FRAMES, '‹')
}

/** The same on one line of at most so many characters, for names and the like. */
export function plainLine(text: string, most = 200): string {
  return cutText(plainText(text).replace(/\s+/g, ' ').trim(), most)
}

/** The beginning of a text, at most so many characters long, and never half a character. An ellipsis stands for what is missing. */
export function cutText(text: string, most: number): string {
  return text.length <= most ? text : `${beginningOf(text, most - 1)}…`
}

/** The longest beginning of at most `most` UTF-16 units that does not part a pair of them. */
export function beginningOf(text: string, most: number): string {
  const cut = text.slice(0, Math.max(0, most))
  const last = cut.charCodeAt(cut.length - 1)
  return last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut
}
