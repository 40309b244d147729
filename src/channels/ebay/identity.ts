/** Who agreed: the Identity API tells the user that a token stands for. */
import type { z } from 'zod'
import { type Account, asChannelError } from '../connector.ts'
import { readError, unreadable } from './errors.ts'
import { hostOf, readSettings } from './settings.ts'
import { user } from './wire.ts'

/** GET /commerce/identity/v1/user/, with a token that has just come and belongs to no account yet. */
export async function userOf(account: Account, accessToken: string): Promise<z.output<typeof user>> {
  try {
    const answer = await account.http({
      operation: 'getUser',
      method: 'GET',
      url: `${hostOf(readSettings(account.settings), 'apiz')}/commerce/identity/v1/user/`,
      // Names and addresses of the seller: nothing of it is for the journal.
      secret: true,
      unmetered: true,
      headers: { authorization: `Bearer ${accessToken}`, accept: 'application/json', 'user-agent': 'Entrepot/0.1' },
    })
    if (answer.status !== 200) throw readError(answer, account.now(), false)
    const parsed = user.safeParse(answer.json)
    if (!parsed.success) throw unreadable('getUser', false)
    return parsed.data
  } catch (error) {
    throw asChannelError(error)
  }
}
