/** Where sellers of each marketplace sign in (facts: Seller Central addresses); those of one account share them in Europe. */
const hosts: Record<string, string> = {
  A2EUQ1WTGCTBG2: 'sellercentral.amazon.ca',
  A1AM78C64UM0Y8: 'sellercentral.amazon.com.mx',
  A2Q3Y263D00KWC: 'sellercentral.amazon.com.br',
  A28R8C7NBKEWEA: 'sellercentral.amazon.ie',
  A1805IZSGTT6HS: 'sellercentral.amazon.nl',
  AMEN7PMS3EDWL: 'sellercentral.amazon.com.be',
  A2NODRKZP88ZB9: 'sellercentral.amazon.se',
  A1C3SOZRARQ6R3: 'sellercentral.amazon.pl',
  A33AVAJ2PDY3EV: 'sellercentral.amazon.com.tr',
  ARBP9OOSHTCHU: 'sellercentral.amazon.eg',
  A17E79C6D8DWNP: 'sellercentral.amazon.sa',
  A2VIGQ35RCS4UG: 'sellercentral.amazon.ae',
  A21TJRUUN4KGV: 'sellercentral.amazon.in',
  AE08WJ6YKNBMC: 'sellercentral.amazon.co.za',
  A19VAU5U5O7RUS: 'sellercentral.amazon.sg',
  A39IBJ37TRP1C6: 'sellercentral.amazon.com.au',
  A1VC38T7YXB528: 'sellercentral.amazon.co.jp',
}
const ofRegion = {
  na: 'sellercentral.amazon.com',
  eu: 'sellercentral-europe.amazon.com',
  fe: 'sellercentral.amazon.co.jp',
} as const

/** Seller Central of the account's first marketplace. */
export function sellerCentral(region: keyof typeof ofRegion, marketplaceId: string | undefined): string {
  return `https://${(marketplaceId && hosts[marketplaceId]) || ofRegion[region]}`
}
