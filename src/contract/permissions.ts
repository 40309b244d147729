/** Who may do what. Every route names one permission; roles are sets of them. */
export const permissions = [
  'overview.read',
  'accounts.read',
  'accounts.manage',
  'catalog.read',
  'catalog.manage',
  'stock.read',
  'stock.move',
  'reservations.manage',
  'orders.read',
  'orders.write',
  'orders.refund',
  'orders.buyer',
  'imports.manage',
  'exports.read',
  'journal.read',
  'settlements.read',
  'webhooks.manage',
  'users.manage',
] as const
export type Permission = (typeof permissions)[number]

export const roles = ['owner', 'operator', 'fulfillment', 'finance', 'viewer'] as const
export type Role = (typeof roles)[number]

const reading: Permission[] = [
  'overview.read',
  'accounts.read',
  'catalog.read',
  'stock.read',
  'orders.read',
  'exports.read',
]

export const rolePermissions: Record<Role, readonly Permission[]> = {
  owner: permissions,
  operator: permissions.filter((one) => one !== 'users.manage' && one !== 'settlements.read'),
  fulfillment: [...reading, 'stock.move', 'orders.write', 'orders.buyer', 'imports.manage'],
  finance: [...reading, 'journal.read', 'settlements.read'],
  viewer: reading,
}

/** What bringing a file, and taking one home, needs besides the permission of its route. */
export const filePermissions = {
  variants: { import: 'catalog.manage', export: 'catalog.read' },
  stock: { import: 'stock.move', export: 'stock.read' },
  mappings: { import: 'catalog.manage', export: 'catalog.read' },
  orders: { import: 'orders.write', export: 'orders.read' },
} as const satisfies Record<string, { import: Permission; export: Permission }>

/** What taking a list home needs; some lists only go out. */
export const exportPermissions = {
  variants: filePermissions.variants.export,
  stock: filePermissions.stock.export,
  mappings: filePermissions.mappings.export,
  orders: filePermissions.orders.export,
  exposure: 'stock.read',
} as const satisfies Record<string, Permission>

export function isAllowed(role: Role, permission: Permission): boolean {
  return rolePermissions[role].includes(permission)
}
