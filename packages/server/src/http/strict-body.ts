import type { FastifySchemaCompiler } from 'fastify'
import { validatorCompiler } from 'fastify-type-provider-zod'
import { z } from 'zod'

type Schema = z.core.$ZodType

/**
 * As the schemas of the routes say; and what people and their programs send may have no fields beside those, at any depth. What is
 * misspelt would be without effect, and nobody would hear of it. Agents may be newer than the server: they may say more.
 */
export const bodyStrictCompiler: FastifySchemaCompiler<Schema> = (route) => {
  const isStrict = route.httpPart === 'body' && route.url?.startsWith('/api/v1/') === true
  return validatorCompiler(isStrict ? { ...route, schema: strictlyOf(route.schema) } : route)
}

/** A schema that takes the same, but for objects with fields that it does not know. Objects that are open on purpose stay so. */
export function strictlyOf(schema: Schema): Schema {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'object': {
      const shape = Object.fromEntries(Object.entries(def.shape).map(([name, field]) => [name, strictlyOf(field)]))
      return z.core.clone(schema, { ...def, shape, catchall: def.catchall ?? z.never() } as z.core.$ZodTypeDef)
    }
    case 'array':
      return z.core.clone(schema, { ...def, element: strictlyOf(def.element) } as z.core.$ZodTypeDef)
    case 'union':
      return z.core.clone(schema, { ...def, options: def.options.map(strictlyOf) } as z.core.$ZodTypeDef)
    case 'pipe':
      return z.core.clone(schema, { ...def, in: strictlyOf(def.in), out: strictlyOf(def.out) } as z.core.$ZodTypeDef)
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
      return z.core.clone(schema, { ...def, innerType: strictlyOf(def.innerType) } as unknown as z.core.$ZodTypeDef)
    default:
      return schema
  }
}
