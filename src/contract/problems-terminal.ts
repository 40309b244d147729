/** Refusals of the terminal's commands: keys, backups, people, input. */
import { type ProblemText, text } from './problem-text.ts'

export const terminalProblems = {
  key_missing: text(
    500,
    [
      'There is no master key at {place}',
      'Give the key that the data was sealed with: as ENTREPOT_KEY, as the file that ENTREPOT_KEY_FILE names, or with --keys and the archive of keys. Nothing was changed.',
    ],
    [
      '{place} 处没有主密钥',
      '请提供当初用于加密的密钥：设置 ENTREPOT_KEY、用 ENTREPOT_KEY_FILE 指定密钥文件，或用 --keys 指定密钥归档。未作任何更改。',
    ],
  ),
  key_differs: text(
    409,
    [
      'Another master key lies in {place}',
      'It is not the one of the archive of keys, and data may be sealed with it. Move it away or use another DATA_DIR. Nothing was changed.',
    ],
    ['{place} 中是另一把主密钥', '它与密钥归档不同，可能有数据用它加密。请移走它，或换一个 DATA_DIR。未作任何更改。'],
  ),
  keys_foreign: text(
    422,
    ['{file} is no archive of keys', 'Give the file that `entrepot backup --keys` wrote.'],
    ['{file} 不是密钥归档', '请提供由 `entrepot backup --keys` 写出的文件。'],
  ),
  keys_refused: text(
    422,
    [
      'The archive of keys {file} does not open',
      'The passphrase is wrong or the file was altered. Nothing was changed.',
    ],
    ['无法打开密钥归档 {file}', '口令错误，或文件已被改动。未作任何更改。'],
  ),
  schema_behind: text(
    500,
    [
      'The database is behind this version (migration {migration} is missing)',
      'Restart the hub with this version, or run `entrepot migrate`; make a backup first. Nothing was changed.',
    ],
    [
      '数据库结构落后于当前版本（缺少迁移 {migration}）',
      '请用当前版本重启，或运行 `entrepot migrate`；建议先备份。未作任何更改。',
    ],
  ),
  last_owner: text(
    409,
    ['{email} is the last owner', 'Make another person an owner first. Nothing was changed.'],
    ['{email} 是最后一位所有者', '请先让另一位成员成为所有者。未作任何更改。'],
  ),
  input_missing: text(
    422,
    ['{what} is missing', 'Run the command in a terminal and answer its questions, or pass it as {how}.'],
    ['缺少 {what}', '请在终端中运行并回答提示，或通过 {how} 提供。'],
  ),
  input_invalid: text(
    422,
    ['{what} cannot be used: {reason}', 'Nothing was changed. Correct it and run the command again.'],
    ['{what} 无法使用：{reason}', '未作任何更改，请改正后重新运行。'],
  ),
  work_incomplete: text(
    503,
    [
      'Not everything is done: {accounts}',
      'The lines above say why. A running hub goes on by itself; else run it again.',
    ],
    ['尚未全部完成：{accounts}', '原因见上文。正在运行的 Entrepot 会自动继续；否则请再次运行。'],
  ),
  file_missing: text(
    404,
    ['{file} cannot be found', 'Check the name and the folder.'],
    ['找不到 {file}', '请检查文件名和文件夹。'],
  ),
  file_unwritable: text(
    500,
    [
      '{file} cannot be written ({reason})',
      'Check that the folder exists, may be written and has room. What was there before is still there.',
    ],
    ['无法写入 {file}（{reason}）', '请确认文件夹存在、可写且空间充足。原有文件保持不变。'],
  ),
  backup_nothing: text(
    409,
    ['There is nothing to back up', 'The database holds no Entrepot. Check DATA_DIR and DATABASE_URL.'],
    ['没有可备份的内容', '数据库中没有 Entrepot 的数据，请检查 DATA_DIR 和 DATABASE_URL。'],
  ),
  backup_foreign: text(
    422,
    ['{file} is no backup of Entrepot', 'Give the file that `entrepot backup` wrote. Nothing was changed.'],
    ['{file} 不是 Entrepot 的备份', '请提供由 `entrepot backup` 写出的文件。未作任何更改。'],
  ),
  backup_newer: text(
    409,
    [
      'The backup was made by another version of Entrepot ({what})',
      'Restore it with the version that made it, or a newer one. Nothing was changed.',
    ],
    ['备份由其他版本的 Entrepot 制作（{what}）', '请用制作该备份的版本或更新的版本恢复。未作任何更改。'],
  ),
  backup_wrong_key: text(
    422,
    [
      '{file} was sealed with another master key',
      'Give the key of the installation that made it: ENTREPOT_KEY, ENTREPOT_KEY_FILE or --keys. Nothing was changed.',
    ],
    [
      '{file} 是用另一把主密钥加密的',
      '请提供制作备份的系统的密钥：ENTREPOT_KEY、ENTREPOT_KEY_FILE 或 --keys。未作任何更改。',
    ],
  ),
  backup_damaged: text(
    422,
    ['{file} is cut or was altered', 'It cannot be trusted and nothing was changed. Use another backup.'],
    ['{file} 不完整或已被改动', '该文件不可信，未作任何更改。请使用其他备份。'],
  ),
  backup_broken: text(
    409,
    [
      'The backup restores, but its ledger does not add up: {sums}',
      'The file is whole; the database it came from has this fault. Count these variants, and report it.',
    ],
    ['备份可以恢复，但库存账目不平：{sums}', '文件完整，问题来自原数据库。请盘点这些变体并反馈问题。'],
  ),
  restore_foreign: text(
    409,
    [
      'The database at {address} holds tables that are not of Entrepot',
      'Restore into an empty database of its own. Nothing was changed.',
    ],
    ['数据库 {address} 中有不属于 Entrepot 的表', '请恢复到单独的空数据库。未作任何更改。'],
  ),
  restore_hub_running: text(
    409,
    [
      'A hub works on the database at {address} ({count} connections)',
      'Stop every process of it first. Nothing was changed.',
    ],
    ['有 Entrepot 正在使用数据库 {address}（{count} 个连接）', '请先停止所有相关进程。未作任何更改。'],
  ),
  restore_not_empty: text(
    409,
    [
      'The database is not empty: {accounts} accounts and {orders} orders, the newest change of {newest}',
      'All of it would be lost. Make a backup of it, then add --replace; or restore into an empty DATA_DIR or database. Nothing was changed.',
    ],
    [
      '数据库不是空的：{accounts} 个店铺、{orders} 个订单，最近更改于 {newest}',
      '这些数据都会丢失。请先备份再加上 --replace，或恢复到空的 DATA_DIR 或数据库。未作任何更改。',
    ],
  ),
} as const satisfies Record<string, ProblemText>
