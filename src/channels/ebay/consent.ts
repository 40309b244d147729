/** Connecting by the seller's consent. eBay sends sellers back to the address that stands behind the RuName. */
import { ChannelError } from '../../domain/errors.ts'
import type { Consent } from '../capabilities.ts'
import { exchangeCode, scopes } from './client.ts'
import { userOf } from './identity.ts'
import { hostOf, readSettings } from './settings.ts'

export const consent: Consent = {
  url(value, { state, redirectUri }) {
    const settings = readSettings(value)
    const url = new URL(`${hostOf(settings, 'auth')}/oauth2/authorize`)
    url.searchParams.set('client_id', settings.clientId)
    url.searchParams.set('redirect_uri', settings.ruName ?? redirectUri)
    url.searchParams.set('response_type', 'code')
    url.searchParams.set('scope', scopes.join(' '))
    url.searchParams.set('state', state)
    return url.toString()
  },
  async exchange(account, returned, redirectUri) {
    const { code } = returned
    if (!code) throw new ChannelError('rejected', 'no_code', 'eBay sent the seller back without a code')
    const { ruName, sellerId } = readSettings(account.settings)
    const { accessToken, refreshToken } = await exchangeCode(account, code, ruName ?? redirectUri)
    // The browser may be signed in as another user of eBay; that one's orders must not come in under this name.
    const user = await userOf(account, accessToken)
    if (user.username?.toLowerCase() !== sellerId.toLowerCase() && user.userId !== sellerId)
      throw new ChannelError(
        'rejected',
        'other_seller',
        `the user ${user.username?.slice(0, 64) ?? 'nobody named'} agreed, the account is for ${sellerId}; sign in to eBay as the right one, or correct the user name`,
      )
    return { secrets: { refreshToken } }
  },
}
