/**
 * Website authorization: the seller authorizes the application in Seller Central and comes back with a code, which Login with
 * Amazon exchanges for a refresh token. Codes last five minutes.
 */
import { ChannelError } from '../../domain/errors.ts'
import type { WireResponse } from '../../http/client.ts'
import type { Consent } from '../capabilities.ts'
import { type Account, asChannelError } from '../connector.ts'
import { readTokenError, unreadable } from './errors.ts'
import { sellerCentral } from './seller-central.ts'
import { readSettings, secrets } from './settings.ts'
import { grantAnswer, tokenError } from './wire.ts'

export const consent: Consent = {
  brings: ['refreshToken'],

  url(value, { state, redirectUri }) {
    const { applicationId, draftApplication, consentPage, region, marketplaceIds } = readSettings(value)
    if (applicationId === undefined)
      throw new ChannelError(
        'rejected',
        'application_id_missing',
        'the setting applicationId is missing; the Solution Provider Portal shows it beside the application',
      )
    const url = new URL(consentPage ?? `${sellerCentral(region, marketplaceIds[0])}/apps/authorize/consent`)
    url.searchParams.set('application_id', applicationId)
    url.searchParams.set('state', state)
    url.searchParams.set('redirect_uri', redirectUri)
    // Without it Amazon refuses drafts (MD1000), with it published applications.
    if (draftApplication) url.searchParams.set('version', 'beta')
    return url.toString()
  },

  async exchange(account, returned, redirectUri) {
    const { sellerId } = readSettings(account.settings)
    const { selling_partner_id: came, spapi_oauth_code: code } = returned
    if (!code) throw new ChannelError('rejected', 'no_code', 'Amazon sent the seller back without a code')
    // The browser may be signed in to another account of Seller Central; its orders must not come in under this name.
    if (came !== sellerId)
      throw new ChannelError(
        'rejected',
        'other_seller',
        `the seller ${came?.slice(0, 20) ?? 'nobody named'} authorized, the account is for ${sellerId}; sign in to the right one, or correct the seller id`,
      )
    const { clientId, clientSecret } = secrets.partial().parse(await account.secrets())
    const answer = await exchangeCode(account, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      client_id: clientId ?? '',
      client_secret: clientSecret ?? '',
    })
    const grant = grantAnswer.safeParse(answer.json)
    if (answer.status !== 200) throw refusal(answer, account.now())
    if (!grant.success) throw unreadable('the code', false)
    return { secrets: { refreshToken: grant.data.refresh_token } }
  },
}

async function exchangeCode(account: Account, body: Record<string, string>): Promise<WireResponse> {
  try {
    return await account.http({
      operation: 'token',
      method: 'POST',
      url: readSettings(account.settings).tokenEndpoint,
      secret: true,
      unmetered: true,
      body: new URLSearchParams(body).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
    })
  } catch (error) {
    throw asChannelError(error)
  }
}

/** Login with Amazon names the parameter that it refuses, and nothing else. */
function refusal(answer: WireResponse, now: Date): ChannelError {
  const { data } = tokenError.safeParse(answer.json)
  const description = data?.error_description ?? ''
  if (/redirect_uri/.test(description))
    return new ChannelError('rejected', 'redirect_mismatch', 'Amazon refuses the redirect address')
  if (data?.error === 'invalid_grant')
    return new ChannelError(
      'rejected',
      'invalid_grant',
      'Amazon refuses the code: it lasts five minutes, works once, and only with the client id of the same application',
    )
  return readTokenError(answer, now)
}
