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
  'orders.buyer',
  'journal.read',
  'webhooks.manage',
  'users.manage',
] as const
export type Permission = (typeof permissions)[number]

export const roles = ['owner', 'operator', 'fulfillment', 'finance', 'viewer'] as const
export type Role = (typeof roles)[number]

const reading: Permission[] = ['overview.read', 'accounts.read', 'catalog.read', 'stock.read', 'orders.read']

export const rolePermissions: Record<Role, readonly Permission[]> = {
  owner: permissions,
  operator: permissions.filter((one) => one !== 'users.manage'),
  fulfillment: [...reading, 'stock.move', 'orders.write', 'orders.buyer'],
  finance: [...reading, 'journal.read'],
  viewer: reading,
}

export function isAllowed(role: Role, permission: Permission): boolean {
  return rolePermissions[role].includes(permission)
}
