/** What the seller of each channel enters in the wizard: first what is wrong, where that is to be seen, then what is right. */
import { type DemoChannel, demoChannels } from '../../src/demo-channels.ts'

export interface Entry {
  settings?: Record<string, unknown>
  secrets?: Record<string, string>
}

export interface Seller {
  channel: string
  entry: Required<Entry>
  /** Secrets that the channel's own page brings. */
  byConsent: readonly string[]
  /** Laid over what is right, one after the other; told by the form or by the checks. */
  wrong: Readonly<Record<string, Entry>>
  /** Shown in the documentation's pictures in place of the simulator's address. */
  example: Record<string, unknown>
}

const consent: Record<string, { settings: (simulator: string) => Record<string, unknown>; brings: readonly string[] }> =
  {
    amazon: {
      settings: (simulator) => ({
        applicationId: 'amzn1.sp.solution.simulated',
        consentPage: `${simulator}/amazon/apps/authorize/consent`,
      }),
      brings: ['refreshToken'],
    },
    ebay: { settings: () => ({}), brings: ['refreshToken'] },
  }

const wrong: Record<string, Record<string, Entry>> = {
  walmart: {
    'wrong-setting': { settings: { sellerId: 'My store' } },
    'wrong-secret': { secrets: { clientSecret: 'another-secret' } },
  },
  woocommerce: {
    'wrong-setting': { settings: { url: 'http://store.example', sameNetwork: false } },
    'wrong-form': { secrets: { consumerKey: 'my key' } },
    'wrong-secret': { secrets: { consumerSecret: `cs_${'b'.repeat(40)}` } },
  },
  bigcommerce: {
    'wrong-setting': { settings: { storeHash: 'https://api.bigcommerce.com/stores/simulated/v3/' } },
    'wrong-secret': { secrets: { accessToken: 'another-token' } },
    'wrong-store': { settings: { storeHash: 'another' } },
  },
  shopify: {
    'wrong-setting': { settings: { shop: 'https://example.com' } },
    'no-secret': { secrets: { clientId: '', clientSecret: '' } },
  },
  storefront: { 'wrong-setting': { settings: { sameNetwork: false } } },
}

const examples: Record<string, Record<string, unknown>> = {
  woocommerce: { url: 'https://store.example', sameNetwork: false },
  storefront: { webhookUrl: 'https://store.example/entrepot', sameNetwork: false },
}

/** Of the own store, the same on both sides. */
export const webhookSecret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`

export const sellersAt = (simulator: string): Seller[] =>
  demoChannels.map(({ channel, settings, secrets, made = [] }: DemoChannel) => {
    const { settings: more, brings } = consent[channel] ?? { settings: () => ({}), brings: [] }
    const { historyDays: _usual, ...entered } = settings(simulator)
    return {
      channel,
      entry: {
        settings: { ...entered, ...more(simulator) },
        secrets: { ...secrets, ...Object.fromEntries(made.map((name) => [name, webhookSecret])) },
      },
      byConsent: brings,
      wrong: wrong[channel] ?? {},
      example: examples[channel] ?? {},
    }
  })
