/**
 * What people read when something is refused: what happened and what to do next, in both languages. `{name}` is
 * filled from the problem's params. Codes are stable; callers branch on them.
 */
import { fill } from './fill.ts'
import { type ProblemText, text } from './problem-text.ts'
import { connectingProblems } from './problems-connecting.ts'
import { errandProblems } from './problems-errands.ts'
import { matchingProblems } from './problems-matching.ts'
import { stockProblems } from './problems-stock.ts'
import { terminalProblems } from './problems-terminal.ts'
import { withReasons } from './reasons.ts'

export const problemTexts = {
  bad_request: text(
    400,
    ['The request is not valid', '{message}. Nothing changed. Correct it and send it again.'],
    ['请求无效', '{message}。未作任何更改，请改正后重新发送。'],
  ),
  not_found: text(
    404,
    ['There is no such {what}', 'Nothing was found for {id}. Check the address or the id.'],
    ['找不到对应的内容', '没有找到 {id}，请检查地址或编号。'],
  ),
  unauthorized: text(
    401,
    ['Not signed in', 'Sign in again, or send a valid API key as "Authorization: Bearer …".'],
    ['尚未登录', '请重新登录，或在请求头 Authorization: Bearer 中提供有效的 API 密钥。'],
  ),
  wrong_password: text(
    401,
    ['E-mail or password is wrong', 'Check both and try again. After ten tries sign-in waits for 15 minutes.'],
    ['邮箱或密码不正确', '请检查后重试。连续失败十次后需等待 15 分钟。'],
  ),
  forbidden: text(
    403,
    ['Not allowed', 'This needs the permission {permission}. Ask an owner for a role that has it.'],
    ['没有权限', '此操作需要权限 {permission}，请联系所有者分配相应角色。'],
  ),
  csrf: text(
    403,
    ['The page is out of date', 'Reload the page and try again. Nothing changed.'],
    ['页面已过期', '请刷新页面后重试，未作任何更改。'],
  ),
  too_many_tries: text(
    429,
    ['Too many tries', 'Wait {minutes} minutes, then try again.'],
    ['尝试次数过多', '请等待 {minutes} 分钟后再试。'],
  ),
  setup_done: text(
    409,
    [
      'The setup link is not valid any more',
      'An owner exists or the link is old. Sign in, or restart Entrepot for a new link while there is no owner.',
    ],
    ['设置链接已失效', '已存在所有者或链接已过期。请登录；若尚无所有者，重启 Entrepot 可获得新链接。'],
  ),
  insufficient_stock: text(
    409,
    [
      'Not enough stock',
      'Of {sku} {available} can be had, {requested} were asked for. Nothing was reserved. Lower the quantity or leave the line out.',
    ],
    ['库存不足', '{sku} 可售 {available} 件，请求 {requested} 件。未预留任何库存，请减少数量或去掉该行。'],
  ),
  reservation_expired: text(
    409,
    ['The reservation has ended', 'Reserve again before taking the payment; its units were given back.'],
    ['库存预留已结束', '预留的库存已释放，请在收款前重新预留。'],
  ),
  reservation_closed: text(
    409,
    ['This reservation is closed', 'It is {state} already. Use a new reference for a new checkout.'],
    ['该库存预留已关闭', '当前状态为 {state}，新的结账请使用新的 reference。'],
  ),
  unknown_sku: text(
    422,
    ['SKU {sku} is not known', 'Add the variant, or link the listing to one, then send the request again.'],
    ['未知的 SKU：{sku}', '请先新增该变体，或将其与已有变体配对，然后重新发送。'],
  ),
  unknown_account: text(
    422,
    ['There is no account {account}', 'Give the id or the exact name of an account; GET /api/v1/accounts lists them.'],
    ['没有店铺 {account}', '请填写店铺的编号或准确名称，可通过 GET /api/v1/accounts 查询。'],
  ),
  unknown_location: text(
    422,
    ['There is no location {location}', 'Give the code of a location; GET /api/v1/locations lists them.'],
    ['没有仓库 {location}', '请填写仓库代码，可通过 GET /api/v1/locations 查询。'],
  ),
  unknown_channel: text(
    422,
    ['There is no channel {channel}', 'Channels of this installation: {known}.'],
    ['没有平台 {channel}', '当前支持的平台：{known}。'],
  ),
  rule_exists: text(
    409,
    ['There is a rule for exactly this scope already', 'Change that rule; two rules of one scope would have no order.'],
    ['该适用范围已有规则', '请修改已有规则；同一范围的两条规则无法区分先后。'],
  ),
  rule_scope: text(
    422,
    ['A rule names one of {pair}, not both', 'Leave one of them out: the narrower one says it already.'],
    ['{pair} 只能填写一个', '请去掉其中一个，范围较小的一个已经足够。'],
  ),
  rule_empty: text(
    422,
    [
      'The rule sets nothing',
      'Give at least one of safetyUnits, safetyPercent, cap, minimum, stopBelow; or delete the rule.',
    ],
    ['规则没有任何设置', '请至少填写 safetyUnits、safetyPercent、cap、minimum、stopBelow 之一，或删除该规则。'],
  ),
  rule_number: text(
    422,
    ['{setting} cannot be {value}', 'Give a whole number from 0 to {highest}.'],
    ['{setting} 不能为 {value}', '请填写 0 到 {highest} 之间的整数。'],
  ),
  rule_minimum_above_cap: text(
    422,
    ['The minimum {minimum} is above the cap {cap}', 'Raise the cap or lower the minimum. Nothing changed.'],
    ['最少展示数 {minimum} 大于上限 {cap}', '请提高上限或降低最少展示数，未作任何更改。'],
  ),
  listing_taken: text(
    409,
    [
      '{remoteSku} of {account} is linked already',
      'It stands for another variant or another number of units. Check the mapping first.',
    ],
    ['{account} 的 {remoteSku} 已配对', '它已对应其他变体或其他件数，请先检查配对。'],
  ),
  ...matchingProblems,
  idempotency_key_missing: text(
    400,
    [
      'The header Idempotency-Key is missing',
      'Send one unique value per intended change, and the same value when you repeat it.',
    ],
    ['缺少请求头 Idempotency-Key', '每次更改请使用一个唯一值，重试时使用相同的值。'],
  ),
  idempotency_key_reused: text(
    422,
    ['This Idempotency-Key was used for another request', 'Use a new key for a new change. Nothing changed.'],
    ['该 Idempotency-Key 已用于其他请求', '新的更改请使用新的值，未作任何更改。'],
  ),
  url_refused: text(
    422,
    ['The address cannot be used', '{reason}. Give a public https address.'],
    ['该地址不可用', '{reason}。请填写公网 https 地址。'],
  ),
  order_still_unreadable: text(
    422,
    [
      'Order {order} still cannot be booked ({where})',
      'It stays set aside, sealed. Report the field names; after an update of Entrepot try again.',
    ],
    ['订单 {order} 仍无法入账（{where}）', '该订单继续加密保留。请反馈字段名称，更新 Entrepot 后再试。'],
  ),
  file_too_large: text(
    413,
    [
      'The file is too large',
      'Files of up to {megabytes} MB are taken. Nothing was stored. Split it and send the parts.',
    ],
    ['文件过大', '最多支持 {megabytes} MB 的文件。未保存任何内容，请拆分后分别上传。'],
  ),
  notification_too_large: text(
    413,
    [
      'The notification is too large',
      'Up to {megabytes} MB are taken. Nothing was stored. Subscribe to fewer fields, if the channel can.',
    ],
    ['通知过大', '最多接收 {megabytes} MB，未保存任何内容。若平台支持，请减少订阅的字段。'],
  ),
  notifications_busy: text(
    503,
    ['Too many notifications are on their way in', 'Send it again in some seconds. Nothing was stored.'],
    ['正在接收的通知过多', '请几秒后重新发送。未保存任何内容。'],
  ),
  file_is_workbook: text(
    422,
    [
      'This is a workbook, not a CSV file',
      'Open it in the spreadsheet program, save it as CSV (UTF-8), and send that file.',
    ],
    ['这是工作簿，不是CSV文件', '请在表格软件中打开，另存为“CSV UTF-8”后重新上传。'],
  ),
  file_unreadable: text(
    422,
    [
      'The file cannot be read as CSV: {reason}',
      'Save it as CSV (UTF-8) with the column names in the first line, and send it again. Nothing was stored.',
    ],
    ['无法按CSV读取该文件（{reason}）', '请另存为“CSV UTF-8”，第一行为列名，然后重新上传。未保存任何内容。'],
  ),
  import_closed: text(
    409,
    [
      'This import cannot be changed now: it is {state}',
      'Wait until it is checked and no field is missing; one that has run stays as it is. For a new mapping upload the file again: rows that are in already change nothing.',
    ],
    [
      '此导入当前不能更改（状态：{state}）',
      '请等待检查完成并补齐必填字段；已运行的导入保持不变。如需新的列对应，请重新上传文件，已导入的行不会重复生效。',
    ],
  ),
  internal: text(
    500,
    ['Something failed inside Entrepot', 'Nothing was half done. Try again; if it stays, report the request id.'],
    ['Entrepot 内部出错', '不会留下未完成的更改。请重试；若仍然失败，请提供请求编号。'],
  ),
  config_invalid: text(
    500,
    ['{name} is not usable: {reason}', 'Correct the environment variable {name} and start again.'],
    ['{name} 无法使用：{reason}', '请修正环境变量 {name} 后重新启动。'],
  ),
  database_unreachable: text(
    500,
    [
      'The database at {address} cannot be reached ({reason})',
      'Check DATABASE_URL, that the server runs and that it accepts connections from here; or leave DATABASE_URL out to use the built-in database.',
    ],
    [
      '无法连接数据库 {address}（{reason}）',
      '请检查 DATABASE_URL、数据库是否运行、是否允许从本机连接；或去掉 DATABASE_URL 使用内置数据库。',
    ],
  ),
  database_away: text(
    503,
    [
      'The database is away for a moment',
      'It comes back by itself. Whether a change was stored is not known: send the same request with the same Idempotency-Key again; it is carried out once.',
    ],
    [
      '数据库暂时不可用',
      '系统会自动恢复。本次更改是否已保存尚不确定：请使用相同的 Idempotency-Key 重新发送同一请求，只会执行一次。',
    ],
  ),
  database_busy: text(
    503,
    [
      'The database has no connection left',
      'Send it again in a moment with the same Idempotency-Key. If it stays, other programs hold the connections: end them, or raise max_connections.',
    ],
    [
      '数据库连接已用完',
      '请稍后使用相同的 Idempotency-Key 重新发送。若持续出现，说明其他程序占用了连接：请关闭它们，或调大 max_connections。',
    ],
  ),
  storage_full: text(
    503,
    [
      'The disk of the database is full',
      'Nothing is accepted that could not be stored. Make room there; Entrepot goes on by itself. Then send the same request with the same Idempotency-Key again.',
    ],
    [
      '数据库所在磁盘已满',
      '无法保存的内容一律不会被接受。请释放磁盘空间，系统会自动恢复；随后使用相同的 Idempotency-Key 重新发送同一请求。',
    ],
  ),
  storage_failed: text(
    503,
    [
      'The disk of the database cannot be written',
      'Nothing is accepted that could not be stored. Check the disk: is it mounted, writable, without errors? Entrepot goes on by itself once it can write.',
    ],
    [
      '数据库所在磁盘无法写入',
      '无法保存的内容一律不会被接受。请检查磁盘是否已挂载、可写且没有错误；恢复写入后系统会自动继续。',
    ],
  ),
  database_too_old: text(
    500,
    [
      'The database is PostgreSQL {version}',
      'Entrepot needs PostgreSQL 15 or newer: upgrade it, or leave DATABASE_URL out to use the built-in one.',
    ],
    [
      '数据库版本为 PostgreSQL {version}',
      'Entrepot 需要 PostgreSQL 15 或更高版本：请升级，或去掉 DATABASE_URL 使用内置数据库。',
    ],
  ),
  database_newer: text(
    500,
    [
      'The database belongs to a newer Entrepot (migration {migration})',
      'Start the newer version, or restore a backup of this one. Nothing was changed.',
    ],
    ['数据库属于更新版本的 Entrepot（迁移 {migration}）', '请启动新版本，或恢复本版本的备份，未作任何更改。'],
  ),
  data_dir_in_use: text(
    500,
    [
      '{folder} is in use by another Entrepot (process {pid})',
      'Stop that one first, or give this one its own folder with DATA_DIR.',
    ],
    ['{folder} 正被另一个 Entrepot 使用（进程 {pid}）', '请先停止该进程，或用 DATA_DIR 为本进程指定其他文件夹。'],
  ),
  data_dir_unusable: text(
    500,
    ['{folder} cannot be used: {reason}', 'Make the folder writable, or choose another with DATA_DIR.'],
    ['无法使用 {folder}：{reason}', '请确保该文件夹可写，或用 DATA_DIR 指定其他文件夹。'],
  ),
  embedded_unavailable: text(
    500,
    ['The built-in database does not start here: {reason}', 'Set DATABASE_URL to a PostgreSQL 15 or newer.'],
    ['内置数据库无法启动：{reason}', '请将 DATABASE_URL 设置为 PostgreSQL 15 或更高版本。'],
  ),
  port_taken: text(
    500,
    [
      'Port {port} of {host} is taken',
      'Stop the other program, or choose another port with PORT, e.g. PORT={next} npm start.',
    ],
    ['{host} 的端口 {port} 已被占用', '请停止占用端口的程序，或用 PORT 换一个端口，例如 PORT={next} npm start。'],
  ),
  key_unusable: text(
    500,
    [
      'The key in {place} is no 32-byte key',
      'Give the key the data was sealed with (base64 or hex). Without it sealed secrets and buyer data cannot be opened.',
    ],
    [
      '{place} 中的密钥不是 32 字节密钥',
      '请提供当初用于加密的密钥（base64 或十六进制），否则无法解开已加密的凭据和买家数据。',
    ],
  ),
  ...connectingProblems,
  ...stockProblems,
  ...errandProblems,
  ...terminalProblems,
} as const satisfies Record<string, ProblemText>

export type ProblemTextCode = keyof typeof problemTexts

/** Fills the text of a code. Params that are missing stay visible as their name. */
export function problemText(
  code: string,
  params: Record<string, unknown>,
  language: 'en' | 'zh',
): { status: number; title: string; next: string } {
  const found: ProblemText = problemTexts[code as ProblemTextCode] ?? problemTexts.internal
  const { title, next } = found[language]
  const values = withReasons(code, params, language)
  return { status: found.status, title: fill(title, values), next: fill(next, values) }
}
