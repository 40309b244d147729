/** Refusals on the way to a connected account. */
import { type ProblemText, text } from './problem-text.ts'

export const connectingProblems = {
  account_draft: text(
    409,
    ['{account} is still being connected', 'Finish connecting it first: Accounts, Connect. Nothing changed.'],
    ['{account} 尚未完成连接', '请先在“店铺 › 连接”中完成连接。未作任何更改。'],
  ),
  account_connected: text(
    409,
    ['{account} is connected already', 'Change it under Accounts. Nothing changed.'],
    ['{account} 已连接', '请在“店铺”中修改。未作任何更改。'],
  ),
  secrets_missing: text(
    409,
    [
      '{account} cannot be connected yet: {names} is missing',
      'Authorize in the browser, or give it with the settings. What was given so far is kept.',
    ],
    ['{account} 尚不能连接：缺少 {names}', '请在浏览器中授权，或在设置中填写。已填写的内容会保留。'],
  ),
  checks_missing: text(
    409,
    ['{account} was not checked yet', 'Run the checks; live needs their result. Or begin in shadow.'],
    ['{account} 尚未检查', '请先运行检查，正式运行需要检查结果；也可先影子运行。'],
  ),
  checks_failed: text(
    409,
    [
      '{account}: {checks} failed',
      'The checks tell what to do; run them again afterwards. Until they pass it does not go live, and stays as it is.',
    ],
    ['{account}：{checks} 未通过', '请按检查结果处理后重新检查；通过之前不能正式运行，现状保持不变。'],
  ),
  checks_old: text(
    409,
    [
      '{account} was checked more than a day ago',
      'Run the checks again; live needs a result of today. The stage stays as it is.',
    ],
    ['{account} 上次检查已超过一天', '请重新运行检查；正式运行需要当天的结果。阶段保持不变。'],
  ),
  erasure_under_way: text(
    409,
    [
      'The hub has not erased everything yet',
      'Goods of some orders have still to leave. Say that it is done afterwards.',
    ],
    ['系统尚未全部删除', '部分订单尚未发货。请在全部删除后再标记完成。'],
  ),
  checks_none: text(
    409,
    ['{channel} has nothing to check', 'Go on without.'],
    ['{channel} 没有可运行的检查', '可直接继续。'],
  ),
  consent_none: text(
    409,
    ['{channel} is not authorized in the browser', 'Give its secrets with the settings.'],
    ['{channel} 不支持浏览器授权', '请在设置中填写凭据。'],
  ),
  consent_unready: text(
    409,
    ['The seller cannot be sent to the channel yet', '{why}: {message}. Correct the settings and go on.'],
    ['暂时无法前往平台授权', '{why}。请更正设置后继续。'],
  ),
  consent_needs_https: text(
    409,
    [
      'The channel only sends sellers back to https; Entrepot is known as {address}',
      'Set PUBLIC_URL to the https address that people use (https://hub.example.com), restart, and register the address of return that is shown then. Or give a refresh token with the settings.',
    ],
    [
      '平台只会跳转回 https 地址，而 Entrepot 的地址是 {address}',
      '请将 PUBLIC_URL 设为实际使用的 https 地址（如 https://hub.example.com）并重启，再到平台登记所显示的回调地址；也可直接填写 refresh token。',
    ],
  ),
  consent_unknown: text(
    404,
    [
      'Nobody here began this authorization',
      'Begin anew on the page Accounts, Connect, in this browser. Nothing changed.',
    ],
    ['此授权不是从这里发起的', '请在本浏览器的“店铺 › 连接”页重新开始。未作任何更改。'],
  ),
  consent_used: text(
    409,
    ['This authorization was used already', 'If the account is not connected, begin anew. Nothing changed.'],
    ['此授权已使用过', '若店铺仍未连接，请重新开始。未作任何更改。'],
  ),
  consent_expired: text(
    410,
    ['The authorization took longer than ten minutes', 'Begin anew; what was given so far is kept.'],
    ['授权超过了十分钟', '请重新开始，已填写的内容会保留。'],
  ),
  consent_other_person: text(
    403,
    [
      'Somebody else began this authorization',
      'Come back in the browser, and signed in as the person, that it was begun with. Nothing changed.',
    ],
    ['此授权由他人发起', '请使用发起授权时的浏览器和登录账号返回。未作任何更改。'],
  ),
  consent_redirect: text(
    409,
    [
      'The address of return differs: registered {registered}, got {expected}',
      'Register exactly {expected} at the channel, to the last slash, and begin anew.',
    ],
    [
      '回调地址不一致：已登记 {registered}，应为 {expected}',
      '请在平台上登记完全一致的 {expected}（包括末尾斜杠），然后重新开始。',
    ],
  ),
  consent_redirect_refused: text(
    409,
    [
      'The channel refuses the address of return {expected}',
      'Another one is registered there, or none. Register exactly this one, to the last slash, and begin anew.',
    ],
    [
      '平台拒绝回调地址 {expected}',
      '平台上登记的是其他地址或未登记。请登记完全一致的地址（包括末尾斜杠），然后重新开始。',
    ],
  ),
  consent_denied: text(
    409,
    ['The seller did not agree ({reason})', 'Begin anew and confirm on the channel’s page. Nothing changed.'],
    ['卖家未同意授权（{reason}）', '请重新开始，并在平台页面上确认。未作任何更改。'],
  ),
  consent_refused: text(
    409,
    ['The channel refused the authorization [{code}]', '{why}: {message}. Correct that and begin anew.'],
    ['平台拒绝了授权 [{code}]', '{why}。请更正后重新开始。'],
  ),
  consent_unanswered: text(
    502,
    [
      'The channel did not answer at the end of the authorization [{code}]',
      'Begin anew; what was given so far is kept.',
    ],
    ['授权最后一步平台没有响应 [{code}]', '请重新开始，已填写的内容会保留。'],
  ),
} as const satisfies Record<string, ProblemText>
