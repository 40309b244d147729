/**
 * The shape a translation must have. Chinese knows one plural form, so the `_one` texts are not asked for; every other
 * key is.
 */
export type Texts<T> = {
  [K in keyof T as K extends `${string}_one` ? never : K]: T[K] extends string ? string : Texts<T[K]>
}
