import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  isCompositeType,
  isLeafType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql'
import { schema } from './schema.ts'

/**
 * What a call costs (facts: channels.md §3): an object one point, a field without objects nothing, a connection two and
 * its nodes, a mutation ten. Before it runs, every page counts as full; afterwards what was really there.
 */
const mutationPoints = 10
const connectionPoints = 2

interface Counting {
  fragments: Map<string, FragmentDefinitionNode>
  variables: Record<string, unknown>
}

export function requestedCost(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
): number {
  const fragments = new Map(
    document.definitions.flatMap((one) => (one.kind === 'FragmentDefinition' ? [[one.name.value, one] as const] : [])),
  )
  const isMutation = operation.operation === 'mutation'
  const root = isMutation ? schema.getMutationType()! : schema.getQueryType()!
  const fields = fieldsOf(operation.selectionSet, { fragments, variables })
  const own = fields.reduce((sum, field) => sum + fieldCost(field, root, { fragments, variables }), 0)
  return own + (isMutation ? mutationPoints * fields.length : 0)
}

function fieldsOf(set: SelectionSetNode, counting: Counting): FieldNode[] {
  return set.selections
    .filter((one) => isIncluded(one.directives, counting))
    .flatMap((one) => {
      if (one.kind === 'Field') return [one]
      if (one.kind === 'InlineFragment') return fieldsOf(one.selectionSet, counting)
      const fragment = counting.fragments.get(one.name.value)
      return fragment ? fieldsOf(fragment.selectionSet, counting) : []
    })
}

function isIncluded(directives: FieldNode['directives'], { variables }: Counting): boolean {
  return (directives ?? []).every(({ name, arguments: args }) => {
    const value = args?.[0] && valueFromASTUntyped(args[0].value, variables)
    return name.value === 'include' ? value === true : name.value === 'skip' ? value !== true : true
  })
}

const unlisted = (type: GraphQLOutputType): { type: GraphQLOutputType; isList: boolean } =>
  isNonNullType(type)
    ? unlisted(type.ofType)
    : isListType(type)
      ? { type: type.ofType, isList: true }
      : { type, isList: false }

function fieldCost(field: FieldNode, parent: GraphQLObjectType, counting: Counting): number {
  const type = parent.getFields?.()[field.name.value]?.type
  if (!type || isLeafType(getNamedType(type))) return 0
  const named = getNamedType(type) as GraphQLObjectType
  if (named.name === 'PageInfo' || /UserError$/.test(named.name)) return 0
  const args = argumentsOf(field, counting)
  const inner = (fields: FieldNode[]) => fields.reduce((sum, one) => sum + fieldCost(one, named, counting), 0)
  const fields = field.selectionSet ? fieldsOf(field.selectionSet, counting) : []
  if (named.name.endsWith('Connection')) {
    const pageSize = typeof args.first === 'number' ? args.first : 50
    const nodes = fields.filter(({ name }) => name.value === 'nodes')
    const node = getNamedType(named.getFields().nodes!.type) as GraphQLObjectType
    const each = nodes
      .flatMap((one) => (one.selectionSet ? fieldsOf(one.selectionSet, counting) : []))
      .reduce((sum, one) => sum + fieldCost(one, node, counting), 1)
    return connectionPoints + pageSize * each
  }
  // What is behind an interface is counted as the type of the fragment it is read by.
  const concrete =
    isCompositeType(named) && 'getInterfaces' in named && schema.getPossibleTypes(named as never).length > 0
  const each = 1 + (concrete ? fragmentCost(field, counting) : inner(fields))
  const count = unlisted(type).isList ? listLength(args) : 1
  return count * each
}

function fragmentCost(field: FieldNode, counting: Counting): number {
  return (field.selectionSet?.selections ?? []).reduce((sum, one) => {
    if (one.kind !== 'InlineFragment' || !one.typeCondition) return sum
    const type = schema.getType(one.typeCondition.name.value) as GraphQLObjectType
    return sum + fieldsOf(one.selectionSet, counting).reduce((all, inner) => all + fieldCost(inner, type, counting), 0)
  }, 0)
}

function argumentsOf(field: FieldNode, { variables }: Counting): Record<string, unknown> {
  return Object.fromEntries(
    (field.arguments ?? []).map((one) => [one.name.value, valueFromASTUntyped(one.value, variables)]),
  )
}

function listLength({ first, ids, names }: Record<string, unknown>): number {
  if (typeof first === 'number') return first
  for (const list of [ids, names]) if (Array.isArray(list)) return list.length
  return 1
}

/** The same of an answer: objects that are there, and two for each connection. */
export function actualCost(data: unknown, isMutation: boolean): number {
  const root = (data ?? {}) as Record<string, unknown>
  const own = Object.values(root).reduce<number>((sum, value) => sum + weigh(value), 0)
  return own + (isMutation ? mutationPoints * Object.keys(root).length : 0)
}

function weigh(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + weigh(one), 0)
  if (typeof value !== 'object' || value === null) return 0
  if ('hasNextPage' in value || 'message' in value) return 0
  const isConnection = 'nodes' in value && Array.isArray(value.nodes)
  const inner = Object.entries(value).reduce((sum, [name, one]) => sum + (name === 'userErrors' ? 0 : weigh(one)), 0)
  return inner + (isConnection ? connectionPoints : 1)
}
