import type { Market } from '../core.ts'
import { accessOf } from './access.ts'
import { amazonAnswer } from './answers.ts'
import { marketplaces } from './marketplaces.ts'

const currencies: Record<string, string> = {
  US: 'USD',
  CA: 'CAD',
  MX: 'MXN',
  BR: 'BRL',
  GB: 'GBP',
  JP: 'JPY',
  AU: 'AUD',
}
const languages: Record<string, string> = {
  DE: 'de_DE',
  FR: 'fr_FR',
  IT: 'it_IT',
  ES: 'es_ES',
  NL: 'nl_NL',
  JP: 'ja_JP',
}

function participations(market: Market): object[] {
  const { away, suspended } = accessOf(market)
  return market.settings.marketplaceIds.map((id) => {
    const { name = id, country = 'US' } = marketplaces[id] ?? {}
    return {
      marketplace: {
        id,
        name,
        countryCode: country,
        defaultCurrencyCode: currencies[country] ?? 'EUR',
        defaultLanguageCode: languages[country] ?? 'en_US',
        domainName: `www.${name.toLowerCase()}`,
      },
      participation: { isParticipating: !away.includes(id), hasSuspendedListings: suspended.includes(id) },
      storeName: 'Simulated store',
    }
  })
}

/** getMarketplaceParticipations (models sellers). */
export function getParticipations(market: Market): Response {
  return amazonAnswer(market, 'getMarketplaceParticipations', { payload: participations(market) })
}

/** getAccount (models sellers). */
export function getAccount(market: Market): Response {
  return amazonAnswer(market, 'getAccount', {
    payload: {
      businessType: 'PRIVATE_LIMITED',
      sellingPlan: accessOf(market).plan,
      marketplaceParticipationList: participations(market),
    },
  })
}
