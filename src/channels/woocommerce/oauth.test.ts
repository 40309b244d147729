import { describe, expect, test } from 'vitest'
import { baseString, encode, sign, signedQuery } from './oauth.ts'

describe('signatures', () => {
  /** RFC 5849, 3.4.1.1: the example's parameters and what is signed of them. */
  test('what is signed is that of RFC 5849', () => {
    const pairs = [
      ['b5', '=%3D'],
      ['a3', 'a'],
      ['c@', ''],
      ['a2', 'r b'],
      ['oauth_consumer_key', '9djdj82h48djs9d2'],
      ['oauth_token', 'kkk9d7dh3k39sjv7'],
      ['oauth_signature_method', 'HMAC-SHA1'],
      ['oauth_timestamp', '137131201'],
      ['oauth_nonce', '7d8f3e4a'],
      ['c2', ''],
      ['a3', '2 q'],
    ] as const
    expect(baseString('post', 'http://example.com/request', pairs)).toBe(
      'POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26' +
        'c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26' +
        'oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7',
    )
  })

  /** OAuth Core 1.0a, appendix A.5.1 and A.5.2: the printer's photos. */
  test('the signature is that of OAuth Core 1.0', () => {
    const text = baseString('GET', 'http://photos.example.net/photos', [
      ['file', 'vacation.jpg'],
      ['size', 'original'],
      ['oauth_consumer_key', 'dpf43f3p2l4k3l03'],
      ['oauth_token', 'nnch734d00sl2jdk'],
      ['oauth_signature_method', 'HMAC-SHA1'],
      ['oauth_timestamp', '1191242096'],
      ['oauth_nonce', 'kllo9940pd9333jh'],
      ['oauth_version', '1.0'],
    ])
    const secrets = { consumer: 'kd94hf93k423kf44', token: 'pfkkdhi9sl3r4s00' }
    expect(sign(text, secrets, 'sha1')).toBe('tR3+Ty81lMeYAr/Fid0kMTYa/WM=')
  })

  /** That it is the one the store computes is shown by the suite: the simulator's own code answers 401 otherwise. */
  test('HMAC-SHA256 is another hash over the same text', () => {
    const one = sign('text', { consumer: 'cs' }, 'sha256')
    expect(Buffer.from(one, 'base64')).toHaveLength(32)
    expect(one).not.toBe(sign('text', { consumer: 'cs' }, 'sha1'))
    expect(one).not.toBe(sign('text ', { consumer: 'cs' }, 'sha256'))
  })

  test('every letter but the unreserved ones is encoded', () => {
    expect(encode("A/B +1!'()*~茶")).toBe('A%2FB%20%2B1%21%27%28%29%2A~%E8%8C%B6')
  })

  test('the secret stands nowhere in the query', () => {
    const pairs = signedQuery(
      { method: 'GET', address: 'http://store.test/wp-json/wc/v3/orders', query: [['per_page', '1']] },
      { consumerKey: 'ck_key', consumerSecret: 'cs_secret' },
      { nonce: 'once', at: new Date(1_700_000_000_999) },
    )
    expect(JSON.stringify(pairs)).not.toContain('cs_secret')
    expect(pairs).toContainEqual(['oauth_timestamp', '1700000000'])
    expect(pairs.at(-1)?.[0]).toBe('oauth_signature')
  })
})
