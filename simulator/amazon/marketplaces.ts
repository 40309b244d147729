import type { Random } from '../random.ts'
import type { Person } from '../state.ts'
import type { Region } from '../types.ts'

interface Marketplace {
  name: string
  country: string
  region: Region
}

/** Marketplace ids are public constants (developer docs, "Marketplace IDs"). */
export const marketplaces: Record<string, Marketplace> = {
  ATVPDKIKX0DER: { name: 'Amazon.com', country: 'US', region: 'na' },
  A2EUQ1WTGCTBG2: { name: 'Amazon.ca', country: 'CA', region: 'na' },
  A1AM78C64UM0Y8: { name: 'Amazon.com.mx', country: 'MX', region: 'na' },
  A2Q3Y263D00KWC: { name: 'Amazon.com.br', country: 'BR', region: 'na' },
  A1PA6795UKMFR9: { name: 'Amazon.de', country: 'DE', region: 'eu' },
  A1F83G8C2ARO7P: { name: 'Amazon.co.uk', country: 'GB', region: 'eu' },
  A13V1IB3VIYZZH: { name: 'Amazon.fr', country: 'FR', region: 'eu' },
  APJ6JRA9NG5V4: { name: 'Amazon.it', country: 'IT', region: 'eu' },
  A1RKKUPIHCS9HS: { name: 'Amazon.es', country: 'ES', region: 'eu' },
  A1805IZSGTT6HS: { name: 'Amazon.nl', country: 'NL', region: 'eu' },
  A1VC38T7YXB528: { name: 'Amazon.co.jp', country: 'JP', region: 'fe' },
  A39IBJ37TRP1C6: { name: 'Amazon.com.au', country: 'AU', region: 'fe' },
}

/** Code of Amazon's own stock in a listing's fulfillmentAvailability. */
export const amazonChannelCode: Record<Region, string> = { na: 'AMAZON_NA', eu: 'AMAZON_EU', fe: 'AMAZON_JP' }

const firstNames = ['Ada', 'Bruno', 'Chidi', 'Dana', 'Emil', 'Fatou', 'Greta', 'Hiro', 'Ines', 'Jonas', 'Kira', 'Luca']
// Surnames that say that nobody real is meant.
const lastNames = ['Sample', 'Placeholder', 'Testcase', 'Mockford', 'Fixture', 'Dummond', 'Exemplar', 'Stubbs-Test']
const streets = ['Example Street', 'Sample Lane', 'Placeholder Road', 'Testing Avenue', 'Fixture Way']

const towns: Record<string, { city: string; state: string; postalCode: string }[]> = {
  US: [
    { city: 'Sampletown', state: 'OH', postalCode: '43000' },
    { city: 'Exampleville', state: 'CA', postalCode: '90000' },
    { city: 'Testburg', state: 'NY', postalCode: '10000' },
  ],
  DE: [{ city: 'Musterstadt', state: 'Berlin', postalCode: '10000' }],
  GB: [{ city: 'Exampleton', state: 'Kent', postalCode: 'ZZ99 9ZZ' }],
  JP: [{ city: 'Sampleshi', state: 'Tokyo', postalCode: '100-0000' }],
}

/** An invented buyer; the address exists nowhere, the e-mail alias belongs to nobody. */
export function inventPerson(random: Random, country: string, domain: string): Person {
  const name = `${random.pick(firstNames)} ${random.pick(lastNames)}`
  const town = random.pick(towns[country] ?? towns.US!)
  return {
    name,
    email: `sim${random.letters(13)}@${domain}`,
    line1: `${random.between(1, 240)} ${random.pick(streets)}`,
    ...town,
    country,
  }
}
