/**
 * Cells that a spreadsheet would run. On the way out a text that begins like a formula gets an apostrophe; on the way
 * in that one apostrophe goes again, so that what was exported comes back as it was. Numbers are not texts and stay.
 */
const dangerous = /^'*[=+\-@\t\r\n＝＋－＠]/
const guarded = /^'+[=+\-@\t\r\n＝＋－＠]/
const plainNumber = /^[+-]?(\d+([.,]\d+)*|\d*\.\d+)$/

/** A text as a cell that no spreadsheet runs. */
export function neutralize(text: string): string {
  return dangerous.test(text) ? `'${text}` : text
}

/** The text that was neutralized. */
export function restore(cell: string): string {
  return guarded.test(cell) ? cell.slice(1) : cell
}

/** For cells of a stranger's file, handed back: a number with a sign is a number, and what is guarded stays as it is. */
export function neutralizeGiven(cell: string): string {
  return plainNumber.test(cell) || guarded.test(cell) ? cell : neutralize(cell)
}
