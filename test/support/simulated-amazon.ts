/** The simulated seller's account at Amazon, live, as it is connected beside another channel. `base`: where the simulator is. */
export const amazonAccount = (name: string, base: string) => ({
  channel: 'amazon',
  name,
  stage: 'live' as const,
  settings: {
    sellerId: 'A1SIMULATEDSEL',
    region: 'na',
    marketplaceIds: ['ATVPDKIKX0DER'],
    endpoint: `${base}/amazon`,
    tokenEndpoint: `${base}/lwa/auth/o2/token`,
  },
  secrets: {
    clientId: 'amzn1.application-oa2-client.simulated',
    clientSecret: 'amzn1.oa2-cs.v1.simulated',
    refreshToken: 'Atzr|simulated',
  },
})
