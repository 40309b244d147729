/** Batches that are refused as a whole because of one line. */
import { ChannelError } from '../../domain/errors.ts'

/**
 * Sends the lines in one call. A refused call changed nothing, so its halves may leave after it, down to the line that is
 * bad. Answers the lines that failed; whatever else went wrong (no answer, no allowance) is told of all of its lines and
 * repeated for none.
 */
export async function inParts<T>(
  lines: readonly T[],
  send: (part: readonly T[]) => Promise<void>,
): Promise<Map<T, ChannelError>> {
  if (lines.length === 0) return new Map()
  try {
    await send(lines)
    return new Map()
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    const mayBeOneLine = error.kind === 'rejected' || error.kind === 'missing'
    if (!mayBeOneLine || error.mayHaveApplied || lines.length === 1)
      return new Map(lines.map((line) => [line, error] as const))
  }
  const middle = Math.ceil(lines.length / 2)
  const first = await inParts(lines.slice(0, middle), send)
  return new Map([...first, ...(await inParts(lines.slice(middle), send))])
}
