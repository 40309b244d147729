/** What the routes of connecting an account are asked with, and the drafts that they are asked about. */
const settings = {
  sellerId: 'A1EXAMPLE',
  region: 'na',
  marketplaceIds: ['ATVPDKIKX0DER'],
  applicationId: 'amzn1.sp.solution.example',
  // Without https, so that nobody minds that the hub has none.
  consentPage: 'http://127.0.0.1/consent',
}
const secrets = { clientId: 'one', clientSecret: 'two', refreshToken: 'three' }

export const draftBodies = {
  addDraft: (n: number) => ({
    channel: 'amazon',
    name: `Draft ${n}`,
    settings: { ...settings, sellerId: `A1EXAMPLE${n}` },
    secrets,
  }),
  changeAccount: () => ({}),
  ...{ changeDraft: () => ({}), beginConsent: () => ({}), checkAccount: () => ({}), finishDraft: () => ({}) },
  addPrivacyRequest: () => ({ account: 'Store', kind: 'export', orders: ['order 1'] }),
  closePrivacyRequest: () => ({}),
}

/** A draft of their own for the routes that change or end it. */
export async function makeDrafts(
  post: (url: string, payload: object) => Promise<{ body: { id: string } }>,
): Promise<Record<string, string>> {
  const make = async (n: number) => (await post('/accounts/drafts', draftBodies.addDraft(n))).body.id
  const request = (await post('/privacy-requests', draftBodies.addPrivacyRequest())).body.id
  return { beginConsent: await make(901), finishDraft: await make(902), 'privacy-requests': request }
}
