/**
 * Why something was refused, in both languages. What is not listed here is a code, which is nobody's language, or prose of
 * whoever refused: then only English tells it, and other languages say that there is a reason.
 */
type Words = { en: string; zh: string }

export const reasonTexts: Record<string, Words> = {
  // Notifications that are not the channel's.
  not_signed: { en: 'not signed', zh: '没有签名' },
  the_signature_is_missing: { en: 'the signature is missing', zh: '缺少签名' },
  the_signature_is_wrong: { en: 'the signature is wrong', zh: '签名不正确' },
  wrong_signature: { en: 'wrong signature', zh: '签名不正确' },
  the_signature_is_missing_or_wrong: { en: 'the signature is missing or wrong', zh: '签名缺失或不正确' },
  wrong_password: { en: 'wrong password', zh: '密码不正确' },
  unknown_key: { en: 'signed with an unknown key', zh: '签名密钥未知' },
  no_client_secret_is_known: { en: 'no client secret is known', zh: '尚未填写 client secret' },
  it_is_about_another_store: { en: 'it is about another store', zh: '属于另一家店铺' },
  topic_or_id_is_missing: { en: 'topic or id is missing', zh: '缺少主题或编号' },
  not_a_message: { en: 'not a message of the channel', zh: '不是该平台的消息' },
  not_a_notification: { en: 'not a notification', zh: '不是通知' },
  not_a_post: { en: 'not a POST', zh: '不是 POST 请求' },
  no_time: { en: 'no time', zh: '缺少时间' },
  not_text: { en: 'not text', zh: '不是文本' },
  no_challenge: { en: 'a question without a challenge', zh: '验证请求缺少 challenge' },
  too_old_or_too_new: { en: 'too old or too new', zh: '时间过早或过晚' },
  // Consents.
  application_id_missing: { en: 'the application id is missing', zh: '设置中缺少应用编号（applicationId）' },
  no_code: { en: 'the channel sent no code', zh: '平台跳转时没有带回授权码' },
  other_seller: { en: 'another seller authorized', zh: '授权的卖家与设置中的不一致' },
  invalid_grant: { en: 'the code was refused', zh: '授权码无效、已过期或已使用' },
  invalid_client: { en: 'client id or secret is wrong', zh: 'client id 或 secret 不正确' },
  unauthorized_client: { en: 'the application may not do this', zh: '该应用没有此权限' },
  // Addresses.
  url_credentials: { en: 'An address must not carry a user or a password', zh: '地址中不能包含用户名或密码' },
  url_not_https: { en: 'Only https leaves this machine', zh: '仅允许 https 地址' },
  url_private: { en: 'The address lies in a private network', zh: '该地址位于内网' },
  // Files.
  the_file_is_empty: { en: 'the file is empty', zh: '文件为空' },
  this_is_not_a_text_file: { en: 'this is not a text file', zh: '不是文本文件' },
}

/** Told in the words of whoever refused, as they name fields and variables of the program. */
export const toldAsIs: ReadonlySet<string> = new Set(['bad_request', 'config_invalid', 'input_invalid'])

const reasons: ReadonlySet<string> = new Set(['why', 'reason', 'message', 'detail'])
const keyOf = (value: string) =>
  value
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
const isProse = (value: string) => /[a-z] [a-z]/i.test(value)

/** One reason in a language. */
export function reasonText(value: string, language: 'en' | 'zh'): string {
  const known = Object.hasOwn(reasonTexts, keyOf(value)) ? reasonTexts[keyOf(value)]![language] : undefined
  return known ?? (language === 'zh' && isProse(value) ? '原因见英文界面' : value)
}

/** The values of a text with their reasons in the language of the text. */
export function withReasons(
  code: string,
  params: Record<string, unknown>,
  language: 'en' | 'zh',
): Record<string, unknown> {
  if (toldAsIs.has(code)) return params
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      reasons.has(name) && typeof value === 'string' ? reasonText(value, language) : value,
    ]),
  )
}
